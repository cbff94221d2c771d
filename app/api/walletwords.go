// This file shows the words of a wallet and asks some of them back, so that a
// person knows that what was written down can be read.

package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// askedWords is how many words of a phrase are asked back.
	askedWords = 3
	// maxWordsWait is how long shown words can be asked back.
	maxWordsWait = 30 * time.Minute
)

// Words gives a wallet's phrase to be written down. It takes the passphrase, even
// when the wallet is open. Three words can then be asked back.
func (w *Wallet) Words(id, passphrase string) (string, error) {
	return guard(w.d, "Wallet.Words", MaxRunTime, func(ctx context.Context) (string, error) {
		secret, err := passphraseOf(passphrase)
		if err != nil {
			return "", err
		}
		words, err := w.d.wallets.store.Export(ctx, id, kindWords, secret, "")
		if err != nil {
			return "", err
		}
		w.d.wallets.words.show(id, words)
		return words.Reveal(), nil
	})
}

// WordAnswer is one word that the person typed again. Place counts from 1.
type WordAnswer struct {
	Place int    `json:"place"`
	Word  string `json:"word"`
}

// ConfirmWords takes three words of the phrase that Words showed, as JSON of
// []WordAnswer, and notes that they were written down. It returns invalid for a
// wrong one, without telling which word it should be.
func (w *Wallet) ConfirmWords(id, answers string) error {
	return act(w.d, "Wallet.ConfirmWords", MaxCallTime, func(context.Context) error {
		if err := w.d.wallets.words.check(id, answers); err != nil {
			return err
		}
		if err := w.d.wallets.notes.note(id, func(n *walletNote) { n.WordsChecked = true }); err != nil {
			return err
		}
		w.d.wallets.words.forget(id)
		w.d.wallets.touch()
		return nil
	})
}

// RemindLater puts the reminder to write the words down off for a day.
func (w *Wallet) RemindLater(id string) error {
	return act(w.d, "Wallet.RemindLater", MaxCallTime, func(context.Context) error {
		at := w.d.program.Now().Add(RemindAfter)
		if err := w.d.wallets.notes.note(id, func(n *walletNote) { n.RemindAt = at }); err != nil {
			return err
		}
		w.d.wallets.touch()
		return nil
	})
}

// wordCheck is what is kept of shown words: enough to judge an answer, under a
// salt of its own.
type wordCheck struct {
	salt   [16]byte
	digest [][sha256.Size]byte
	shown  time.Time
}

// wordChecks are the phrases that were shown; at most MaxOpenWallets.
type wordChecks struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]wordCheck
}

func (c wordCheck) of(place int, word string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%x %d %s", c.salt, place, strings.ToLower(strings.TrimSpace(word))))
}

func (w *wordChecks) show(id string, words core.Secret) {
	c := wordCheck{shown: w.now()}
	_, _ = rand.Read(c.salt[:]) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	for i, word := range strings.Fields(words.Reveal()) {
		c.digest = append(c.digest, c.of(i+1, word))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.all, func(_ string, old wordCheck) bool { return w.now().Sub(old.shown) > maxWordsWait })
	if len(w.all) < MaxOpenWallets {
		w.all[id] = c
	}
}

func (w *wordChecks) check(id, answers string) error {
	var typed []WordAnswer
	if len(answers) > maxSecretText || json.Unmarshal([]byte(answers), &typed) != nil {
		return core.Errorf(core.Invalid, "Three words with their places are needed.")
	}
	w.mu.Lock()
	c, shown := w.all[id]
	w.mu.Unlock()
	if !shown || w.now().Sub(c.shown) > maxWordsWait {
		return core.Errorf(core.Conflict, "Show the words first; they are asked back for %d minutes.", int(maxWordsWait/time.Minute))
	}
	right := map[int]bool{}
	for _, t := range typed {
		if t.Place < 1 || t.Place > len(c.digest) || len(t.Word) > 64 {
			return core.Errorf(core.Invalid, "The phrase has %d words.", len(c.digest))
		}
		got := c.of(t.Place, t.Word)
		if subtle.ConstantTimeCompare(got[:], c.digest[t.Place-1][:]) != 1 {
			return core.Errorf(core.Invalid, "That is not word %d; look at what you wrote down.", t.Place)
		}
		right[t.Place] = true
	}
	if len(right) < askedWords {
		return core.Errorf(core.Invalid, "%d different words are asked back.", askedWords)
	}
	return nil
}

func (w *wordChecks) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, id)
}
