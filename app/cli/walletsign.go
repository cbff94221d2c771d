package cli

// This file signs with built-in wallets and checks signatures.

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// accountOf is the wallet's account on a chain, or its first.
func accountOf(info wallet.Info, chain string) (wallet.Account, error) {
	if chain == "" && len(info.Accounts) > 0 {
		return info.Accounts[0], nil
	}
	account, ok := info.Account(wallet.Chain(strings.ToUpper(chain)))
	if !ok {
		return wallet.Account{}, core.Errorf(core.Invalid, "the wallet %s has no account on %q; write ETH or SOL, whichever 'debros wallet ls' shows", info.Label, chain)
	}
	return account, nil
}

// agree shows a text in full and asks whether it is to be signed.
func (a *app) agree(_ context.Context, r wallet.Request) error {
	kind := "nonce of a network"
	switch r.Kind {
	case wallet.TextSignIn:
		kind = "sign-in text"
	case wallet.TextDevice:
		kind = "certificate for a device of your chats"
	case wallet.TextNonce:
	}
	a.tell("The wallet %s is asked to sign this %s, and nothing else:\n\n%s\n", r.Account, kind, r.Text)
	if a.opts.yes {
		return nil
	}
	if !a.env.Terminal.Stdin || !a.env.Terminal.Stderr {
		return core.Errorf(core.Invalid, "nobody is here to read the text; add --yes to sign it all the same")
	}
	answer, err := a.question("Sign it? [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return core.Errorf(core.Denied, "nothing was signed")
	}
	return nil
}

// loginByStored signs in with a built-in wallet.
func (a *app) loginByStored(ctx context.Context, g *gateway, ns core.Namespace, o loginOptions) (credential, error) {
	store, info, err := a.findWallet(o.wallet)
	if err != nil {
		if o.wallet == "" && core.CodeOf(err) == core.NotFound {
			err = core.Wrap(core.NotFound, err, "%s; or sign in with --browser or --paste", core.Sentence(err))
		}
		return credential{}, err
	}
	account, err := accountOf(info, o.chain)
	if err != nil {
		return credential{}, err
	}
	c, err := g.challenge(ctx, account, ns)
	if err != nil {
		return credential{}, err
	}
	signer, err := a.unlock(ctx, store, info, o.passphraseFile, o.keychain)
	if err != nil {
		return credential{}, err
	}
	defer signer.Lock()
	signature, err := signer.Sign(ctx, account, c.Message, a.agree)
	if err != nil {
		return credential{}, err
	}
	return g.verify(ctx, c, signature)
}

func (a *app) walletSign() *cobra.Command {
	var name, chain, file string
	var keychain bool
	c := &cobra.Command{
		Use: "sign [TEXT]", Short: "Sign a network's nonce or sign-in text, after showing it", Args: wants("[TEXT]"),
		Long: "For a sign-in that another program began: TEXT is its nonce or sign-in text, '@file', or\n" +
			"'-' for standard input. It is shown in full before it is signed. Anything else is refused.",
		Example: "  debros wallet sign @text.txt --wallet work\n  debros wallet sign @text.txt --yes -o raw --passphrase-file pass",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.value(args, 0)
			if err != nil {
				return err
			}
			store, info, err := a.findWallet(name)
			if err != nil {
				return err
			}
			account, err := accountOf(info, chain)
			if err != nil {
				return err
			}
			signer, err := a.unlock(cmd.Context(), store, info, file, keychain)
			if err != nil {
				return err
			}
			defer signer.Lock()
			signature, err := signer.Sign(cmd.Context(), account, strings.TrimSuffix(string(text), "\n"), a.agree)
			if err != nil {
				return err
			}
			return a.show(document{
				object: record{{"wallet", account.String()}, {"chain_type", string(account.Chain())}, {"signature", signature}},
				raw:    []byte(signature + "\n"), hasRaw: true, rawIs: true,
			})
		},
	}
	c.Flags().StringVar(&name, "wallet", "", "sign with this wallet; without it, the one in use")
	c.Flags().StringVar(&chain, "chain", "", "ETH or SOL, where a wallet has both (default ETH)")
	a.passphraseFlags(c, &file, &keychain)
	_ = c.RegisterFlagCompletionFunc("wallet", a.completeWallets) //nolint:errcheck // the flag was just made
	return c
}

func (a *app) walletVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify ADDRESS SIGNATURE [TEXT]", Short: "Say whether a signature is an account's own over a text; exit status 4 when not", Args: wants("ADDRESS", "SIGNATURE", "[TEXT]"),
		Example: "  debros wallet verify 0x5290… 0x1c4f… @text.txt",
		RunE: func(_ *cobra.Command, args []string) error {
			account, err := wallet.ParseAccount(args[0], "")
			if err != nil {
				return err
			}
			text, err := a.value(args, 2)
			if err != nil {
				return err
			}
			if err := wallet.Verify(account, strings.TrimSuffix(string(text), "\n"), args[1]); err != nil {
				return err
			}
			return a.show(document{object: record{{"valid", true}, {"wallet", account.String()}, {"chain_type", string(account.Chain())}}})
		},
	}
}
