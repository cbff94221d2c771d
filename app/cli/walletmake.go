package cli

// This file makes wallets, takes them over from other programs and hands their
// secrets out.

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
	"git.debros.io/DeBros/network/backend/sandbox"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	askedWords = 3 // of a new phrase: who has these three has written down all
	wordTries  = 3

	// The second screen of a terminal (xterm), which leaves nothing to scroll to.
	screenOther = "\x1b[?1049h\x1b[H"
	screenBack  = "\x1b[?1049l"
)

func (a *app) walletNew() *cobra.Command {
	var file string
	var keychain bool
	n := wallet.New{}
	c := &cobra.Command{
		Use: "new [NAME]", Short: "Make a wallet of new words", Args: wants("[NAME]"),
		Long: "Makes a wallet with an Ethereum and a Solana account. Its words are shown once, on the\n" +
			"terminal only, and three of them asked back: whoever has them has the wallet, and without\n" +
			"them a lost computer is a lost wallet. It is made to sign in with, not for funds.\n\n" +
			"Without a terminal, --yes makes it without showing the words; 'debros wallet export' does\nlater.",
		Example: "  debros wallet new\n  debros wallet new work --words 24 --keychain",
		RunE: func(cmd *cobra.Command, args []string) error {
			visible := a.env.Terminal.Stdin && a.env.Terminal.Stderr
			if !visible && !a.opts.yes {
				return core.Errorf(core.Invalid, "there is no terminal to show the words on; with --yes the wallet is made without showing them, and 'debros wallet export NAME --form words' does later")
			}
			store, err := a.walletStore()
			if err != nil {
				return err
			}
			n.Label = first(args)
			if n.Passphrase, err = a.newPassphrase(file, "Passphrase for the new wallet: "); err != nil {
				return err
			}
			info, words, err := store.Create(cmd.Context(), n)
			if err != nil {
				return err
			}
			used, err := a.useFirst(info.ID)
			if err != nil {
				return err
			}
			if keychain {
				if err := store.TurnOnKeychain(cmd.Context(), info.ID, n.Passphrase); err != nil {
					a.note("The wallet %s is made, but the keychain does not open it: %s", info.Label, core.Sentence(err))
				} else {
					info.Keychain = true
				}
			}
			if visible {
				if err := a.teachWords(info, words); err != nil {
					return err
				}
			}
			return a.show(document{object: walletRecord(info, used), raw: []byte(info.Accounts[0].String() + "\n"), hasRaw: true})
		},
	}
	c.Flags().IntVar(&n.Words, "words", 12, "12 or 24")
	c.Flags().Uint32Var(&n.Number, "account", 0, "which account of the words; 0 is the one that other wallets show first")
	c.Flags().StringVar(&file, "passphrase-file", "", "file with the passphrase for the wallet, readable by you only")
	c.Flags().BoolVar(&keychain, "keychain", false, "let the system's keychain open it, too")
	return c
}

// teachWords shows the words and asks some of them back, unless --yes says not to.
func (a *app) teachWords(info wallet.Info, words core.Secret) error {
	list := strings.Fields(words.Reveal())
	enter, leave := screenOther, screenBack
	if kind := a.lookup("TERM"); kind == "" || kind == "dumb" {
		enter, leave = "", ""
	}
	fmt.Fprint(a.env.Stderr, enter)
	fmt.Fprintf(a.env.Stderr, "The words of the wallet %s. Write them down on paper, in this order:\n\n", printable(info.Label))
	for i, word := range list {
		fmt.Fprintf(a.env.Stderr, "  %2d  %s\n", i+1, word)
	}
	fmt.Fprint(a.env.Stderr, "\nWhoever has them has the wallet. They are not shown again. Enter goes on. ")
	_, err := a.readLine()
	fmt.Fprint(a.env.Stderr, leave)
	if err != nil || a.opts.yes {
		return err
	}
	places, err := someOf(len(list), askedWords)
	if err != nil {
		return err
	}
	for _, at := range places {
		if err := a.askWord(info, at, list[at]); err != nil {
			return err
		}
	}
	return nil
}

// askWord asks for one word, some times.
func (a *app) askWord(info wallet.Info, at int, word string) error {
	for range wordTries {
		typed, err := a.question(fmt.Sprintf("Word %d: ", at+1))
		if err != nil {
			return err
		}
		if strings.EqualFold(typed, word) {
			return nil
		}
	}
	return core.Errorf(core.Invalid, "that is not word %d. The wallet %s is made; see its words again with 'debros wallet export %q --form words', and write them down", at+1, info.Label, info.Label)
}

// someOf draws n different places of size, in their order.
func someOf(size, n int) ([]int, error) {
	var places []int
	for len(places) < n {
		drawn, err := rand.Int(rand.Reader, big.NewInt(int64(size)))
		if err != nil {
			return nil, core.Wrap(core.Internal, err, "the system has no randomness")
		}
		if at := int(drawn.Int64()); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	return places, nil
}

// walletForms are the forms of export and import.
func walletForms() []string {
	return []string{string(wallet.FormWords), string(wallet.FormKeystore), string(wallet.FormHex), string(wallet.FormIDJSON), string(wallet.FormBase58)}
}

func (a *app) walletImport() *cobra.Command {
	var file, inner, form string
	in := wallet.Import{}
	c := &cobra.Command{
		Use: "import [SECRET]", Short: "Take over a wallet of another program", Args: wants("[SECRET]"),
		Long: "SECRET is '@file', or '-' for standard input; without it, it is asked for and not shown.\n" +
			"Forms: words (BIP-39), keystore (version 3), hex, id.json and base58. What it is, is seen\n" +
			"by its looks unless --form says it.",
		Example: "  debros wallet import --name old\n  debros wallet import @id.json --name solana\n  debros wallet import @UTC--2026-01-01 --form keystore",
		RunE: func(cmd *cobra.Command, args []string) error {
			if form != "" && !slices.Contains(walletForms(), form) {
				return core.Errorf(core.Invalid, "--form is %s", strings.Join(walletForms(), ", "))
			}
			var err error
			if in.Secret, err = a.secretInput(args, 0, "Words or key: "); err != nil {
				return err
			}
			if in.Form = wallet.Form(form); form == "" {
				in.Form = wallet.GuessForm(in.Secret)
			}
			if in.Form == wallet.FormWords && strings.EqualFold(strings.Join(strings.Fields(in.Secret.Reveal()), " "), sandbox.Phrase) {
				return core.Errorf(core.Denied, "these words are the sandbox's and known to everybody, so they are no wallet; make one with 'debros wallet new'")
			}
			if in.Form == wallet.FormKeystore {
				if in.FilePassphrase, err = a.passphrase(inner, "Passphrase of the keystore file: "); err != nil {
					return err
				}
			}
			if in.Passphrase, err = a.newPassphrase(file, "Passphrase for the wallet here: "); err != nil {
				return err
			}
			store, err := a.walletStore()
			if err != nil {
				return err
			}
			info, err := store.Import(cmd.Context(), in)
			if err != nil {
				return err
			}
			used, err := a.useFirst(info.ID)
			if err != nil {
				return err
			}
			return a.show(document{object: walletRecord(info, used), raw: []byte(info.Accounts[0].String() + "\n"), hasRaw: true})
		},
	}
	c.Flags().StringVar(&in.Label, "name", "", "what to call it")
	c.Flags().StringVar(&form, "form", "", "what it is: "+strings.Join(walletForms(), ", "))
	c.Flags().Uint32Var(&in.Number, "account", 0, "which account of the words")
	c.Flags().StringVar(&file, "passphrase-file", "", "file with the passphrase for the wallet, readable by you only")
	c.Flags().StringVar(&inner, "file-passphrase-file", "", "file with the passphrase of the keystore file, readable by you only")
	_ = c.RegisterFlagCompletionFunc("form", cobra.FixedCompletions(walletForms(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag was just made
	return c
}

func (a *app) walletExport() *cobra.Command {
	var file, inner, form, out string
	c := &cobra.Command{
		Use: "export NAME", Short: "Print a wallet's secret, or write it to a file for you only", Args: wants("NAME"), ValidArgsFunction: a.completeWallets,
		Long: "Asks for the passphrase again, whatever the keychain says. Whoever sees what is printed\n" +
			"has the wallet; --out writes it to a new file that only you can read.",
		Example: "  debros wallet export work --form words\n  debros wallet export work --form keystore --out work.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(walletForms(), form) {
				return core.Errorf(core.Invalid, "--form is needed: %s", strings.Join(walletForms(), ", "))
			}
			store, info, err := a.findWallet(args[0])
			if err != nil {
				return err
			}
			if !slices.Contains(info.Kind.Forms(), wallet.Form(form)) {
				return core.Errorf(core.Invalid, "a wallet of the kind %s has no form %s; it has %v", info.Kind, form, info.Kind.Forms())
			}
			if out != "" && exists(out) {
				return core.Errorf(core.Conflict, "there is a file %q already, and it stays as it is", out)
			}
			if err = a.confirm("This hands out the secret of the wallet "+info.Label+"; whoever has it can sign in as you", info.Label); err != nil {
				return err
			}
			e := wallet.Export{Form: wallet.Form(form)}
			if e.Passphrase, err = a.passphrase(file, "Passphrase of "+info.Label+": "); err != nil {
				return err
			}
			if inner != "" {
				if e.FilePassphrase, err = passphraseFile(inner); err != nil {
					return err
				}
			}
			secret, err := store.Export(cmd.Context(), info.ID, e)
			if err != nil {
				return err
			}
			return a.handOut(info, form, secret, out)
		},
	}
	c.Flags().StringVar(&form, "form", "", "in which form: "+strings.Join(walletForms(), ", "))
	c.Flags().StringVar(&out, "out", "", "write it to this new file instead")
	c.Flags().StringVar(&file, "passphrase-file", "", "file with the wallet's passphrase, readable by you only")
	c.Flags().StringVar(&inner, "file-passphrase-file", "", "with --form keystore: file with the passphrase for the keystore file; without it, the wallet's own")
	_ = c.RegisterFlagCompletionFunc("form", cobra.FixedCompletions(walletForms(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag was just made
	return c
}

// handOut prints an exported secret or writes it to a file of its own.
func (a *app) handOut(info wallet.Info, form string, secret core.Secret, out string) error {
	text := secret.Reveal() + "\n"
	if out == "" {
		d := document{object: record{{"name", info.Label}, {"form", form}, {"secret", secret.Reveal()}}, raw: []byte(text), hasRaw: true, rawIs: true}
		if a.opts.output == "" {
			return a.write(d.raw)
		}
		return a.show(d)
	}
	if err := disk.Create(out, []byte(text)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return core.Wrap(core.Conflict, err, "there is a file %q already, and it stays as it is", out)
		}
		return core.Wrap(core.Unavailable, err, "the file %q cannot be written", out)
	}
	return a.show(document{object: record{{"name", info.Label}, {"form", form}, {"file", out}}})
}
