package cli

// This file has the commands about the built-in wallets: list, choose, name,
// protect, remove. They are this user's, and belong to no node.

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// walletFolder is where the wallets are, in the user's folder.
const walletFolder = "wallets"

func (a *app) walletCommand() *cobra.Command {
	c := a.group("wallet", "Keep wallets to sign in with; they are not meant for funds",
		a.walletLs(), a.walletNew(), a.walletImport(), a.walletExport(), a.walletUse(), a.walletSign(), a.walletVerify(),
		a.walletRename(), a.walletRm(), a.walletPassphrase(), a.walletKeychain())
	c.Long = "A built-in wallet is an encrypted file of this user. It signs three things only: a\n" +
		"network's nonce, a sign-in text and, for chats, a device's certificate. It never signs a\n" +
		"transaction. A passphrase is asked for, or comes from a file that only you can read\n" +
		"(--passphrase-file), or from the system's keychain (--keychain); never from an argument."
	return c
}

func (a *app) walletStore() (*wallet.Store, error) {
	dir, err := a.userDir()
	if err != nil {
		return nil, err
	}
	return wallet.Open(filepath.Join(dir, walletFolder))
}

// findWallet finds a wallet by its name, address or id; "" is the one in use, or
// the only one.
func (a *app) findWallet(name string) (*wallet.Store, wallet.Info, error) {
	store, err := a.walletStore()
	if err != nil {
		return nil, wallet.Info{}, err
	}
	if name == "" {
		p, loadErr := a.loadProfile()
		if loadErr != nil {
			return nil, wallet.Info{}, loadErr
		}
		name = p.Wallet
	}
	if name == "" {
		all, listErr := store.List()
		if listErr != nil {
			return nil, wallet.Info{}, listErr
		}
		switch {
		case len(all) == 0:
			return nil, wallet.Info{}, core.Errorf(core.NotFound, "you have no wallet yet; make one with 'debros wallet new', or take one over with 'debros wallet import'")
		case len(all) > 1:
			return nil, wallet.Info{}, core.Errorf(core.Invalid, "you have %d wallets and none is in use; choose one with 'debros wallet use NAME'", len(all))
		}
		name = all[0].ID
	}
	info, err := store.Find(name)
	if core.CodeOf(err) == core.NotFound {
		err = core.Wrap(core.NotFound, err, "there is no wallet %q; 'debros wallet ls' lists all", name)
	}
	if err == nil && info.Problem != "" {
		err = core.Errorf(core.Invalid, "%s", info.Problem)
	}
	return store, info, err
}

func walletRecord(i wallet.Info, used string) record {
	r := record{{"name", i.Label}, {"in_use", i.ID == used}, {"kind", string(i.Kind)}}
	for _, chain := range []struct {
		name string
		id   wallet.Chain
	}{{"ethereum", wallet.ETH}, {"solana", wallet.SOL}} {
		text := ""
		if account, ok := i.Account(chain.id); ok {
			text = account.String()
		}
		r = append(r, field{chain.name, text})
	}
	return append(r, field{"keychain", i.Keychain}, field{"created_at", i.CreatedAt}, field{"id", i.ID}, field{"problem", i.Problem})
}

func (a *app) walletLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List your wallets and their addresses", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.walletStore()
			if err != nil {
				return err
			}
			all, err := store.List()
			if err != nil {
				return err
			}
			p, err := a.loadProfile()
			if err != nil {
				return err
			}
			d := document{name: "wallets", columns: []string{"name", "in_use", "kind", "ethereum", "solana", "keychain", "problem"}}
			for _, info := range all {
				d.rows = append(d.rows, walletRecord(info, p.Wallet))
			}
			return a.show(d)
		},
	}
}

func (a *app) walletUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Sign in with this wallet when none is named", Args: wants("NAME"), ValidArgsFunction: a.completeWallets,
		RunE: func(_ *cobra.Command, args []string) error {
			_, info, err := a.findWallet(args[0])
			if err != nil {
				return err
			}
			if err := a.useWallet(info.ID); err != nil {
				return err
			}
			return a.show(document{object: walletRecord(info, info.ID)})
		},
	}
}

func (a *app) useWallet(id string) error {
	return a.changeProfile(func(p *profile) error {
		p.Wallet = id
		return nil
	})
}

// useFirst puts the first wallet of all in use, and tells which one is.
func (a *app) useFirst(id string) (used string, err error) {
	p, err := a.loadProfile()
	if err != nil || p.Wallet != "" {
		return p.Wallet, err
	}
	return id, a.useWallet(id)
}

func (a *app) walletRename() *cobra.Command {
	return &cobra.Command{
		Use: "rename NAME NEW", Short: "Give a wallet another name", Args: wants("NAME", "NEW"), ValidArgsFunction: a.completeWallets,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, info, err := a.findWallet(args[0])
			if err != nil {
				return err
			}
			if info, err = store.Rename(cmd.Context(), info.ID, args[1]); err != nil {
				return err
			}
			return a.showWallet(info)
		},
	}
}

func (a *app) showWallet(info wallet.Info) error {
	p, err := a.loadProfile()
	if err != nil {
		return err
	}
	return a.show(document{object: walletRecord(info, p.Wallet)})
}

func (a *app) walletRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm NAME", Short: "Delete a wallet from this computer, for good", Args: wants("NAME"), ValidArgsFunction: a.completeWallets,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, info, err := a.findWallet(args[0])
			if err != nil {
				return err
			}
			if err = a.confirm("This deletes the wallet "+info.Label+"; without its words or a backup its accounts are lost", info.Label); err != nil {
				return err
			}
			if err = store.Remove(cmd.Context(), info.ID); err != nil {
				return err
			}
			err = a.changeProfile(func(p *profile) error {
				if p.Wallet == info.ID {
					p.Wallet = ""
				}
				return nil
			})
			if err != nil {
				return err
			}
			return a.show(document{object: record{{"removed", true}, {"name", info.Label}}})
		},
	}
}

func (a *app) walletPassphrase() *cobra.Command {
	var oldFile, newFile string
	c := &cobra.Command{
		Use: "passphrase [NAME]", Short: "Change a wallet's passphrase", Args: wants("[NAME]"), ValidArgsFunction: a.completeWallets,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, info, err := a.findWallet(first(args))
			if err != nil {
				return err
			}
			old, err := a.passphrase(oldFile, "Present passphrase of "+info.Label+": ")
			if err != nil {
				return err
			}
			next, err := a.newPassphrase(newFile, "New passphrase: ")
			if err != nil {
				return err
			}
			if err := store.ChangePassphrase(cmd.Context(), info.ID, wallet.PassphraseChange{Old: old, New: next}); err != nil {
				return err
			}
			a.note("Copies of the wallet's file that were made before still open with the old one.")
			return a.show(document{object: record{{"changed", true}, {"name", info.Label}}})
		},
	}
	c.Flags().StringVar(&oldFile, "passphrase-file", "", "file with the present one, readable by you only")
	c.Flags().StringVar(&newFile, "new-passphrase-file", "", "file with the new one, readable by you only")
	return c
}

func (a *app) walletKeychain() *cobra.Command {
	var file string
	states := []string{"on", "off"}
	c := &cobra.Command{
		Use: "keychain on|off [NAME]", Short: "Let the system's keychain open a wallet, or not", Args: wants("on|off", "[NAME]"),
		Example: "  debros wallet keychain on",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return states, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeWallets(cmd, args[1:], typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "on" && args[0] != "off" {
				return core.Errorf(core.Invalid, "write 'debros wallet keychain on' or 'debros wallet keychain off'")
			}
			store, info, err := a.findWallet(first(args[1:]))
			if err != nil {
				return err
			}
			if args[0] == "off" {
				err = store.TurnOffKeychain(cmd.Context(), info.ID)
			} else {
				err = a.turnOnKeychain(cmd.Context(), store, info, file)
			}
			if err != nil {
				return err
			}
			return a.show(document{object: record{{"name", info.Label}, {"keychain", args[0] == "on"}}})
		},
	}
	c.Flags().StringVar(&file, "passphrase-file", "", "file with the wallet's passphrase, readable by you only")
	return c
}

func (a *app) turnOnKeychain(ctx context.Context, store *wallet.Store, info wallet.Info, file string) error {
	secret, err := a.passphrase(file, "Passphrase of "+info.Label+": ")
	if err != nil {
		return err
	}
	return store.TurnOnKeychain(ctx, info.ID, secret)
}

// unlock opens a wallet: by the keychain where that is turned on or asked for,
// else by its passphrase.
func (a *app) unlock(ctx context.Context, store *wallet.Store, info wallet.Info, file string, keychain bool) (*wallet.Signer, error) {
	if file == "" && (keychain || info.Keychain) {
		signer, err := store.UnlockFromKeychain(ctx, info.ID)
		if err == nil || keychain || a.env.Terminal.Secret == nil || errors.Is(err, wallet.ErrDamaged) {
			return signer, err
		}
		a.note("%s", core.Sentence(err))
	}
	secret, err := a.passphrase(file, "Passphrase of "+info.Label+": ")
	if err != nil {
		return nil, err
	}
	return store.Unlock(ctx, info.ID, secret)
}

func (a *app) completeWallets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	store, err := a.walletStore()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := store.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, info := range all {
		if info.Problem == "" {
			names = append(names, printable(info.Label)+"\t"+info.Accounts[0].String())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// first is the first argument, "" when there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
