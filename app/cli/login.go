package cli

// This file signs in: a challenge of the gateway is signed by a wallet, here or
// elsewhere, and what the gateway gives for it is saved.

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// loginOptions are the flags of "auth login".
type loginOptions struct {
	wallet, chain, address, passphraseFile string
	browser, paste, key, keychain          bool
}

func (a *app) authLogin() *cobra.Command {
	var o loginOptions
	c := &cobra.Command{
		Use: "login [KEY]", Short: "Sign in with a wallet, or save an API key", Args: wants("[KEY]"),
		Long: "Signs a text of the gateway with a wallet and saves what the gateway gives for it, for\n" +
			"this user only. Nothing is paid and nothing is moved.\n\n" +
			"  --wallet NAME  a wallet of 'debros wallet ls'; without a flag the one in use\n" +
			"  --browser      a wallet in the system's browser\n" +
			"  --paste        any other wallet: the text is printed, the signature read back\n" +
			"  --key          no wallet: an API key from standard input, '@file' or a prompt",
		Example: "  debros auth login\n  debros auth login --browser --namespace shop\n" +
			"  debros auth login --paste --address 0x52908400098527886E0F7030069857D2E4169EE7\n  debros auth login --key @key.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && !o.key {
				return core.Errorf(core.Invalid, "an argument is for --key only; see 'debros auth login --help'")
			}
			p, err := a.place()
			if err != nil {
				return err
			}
			ns, err := a.namedNamespace()
			if err != nil {
				return err
			}
			if o.key {
				return a.loginByKey(cmd.Context(), p, args)
			}
			g, err := a.strangerGateway(p)
			if err != nil {
				return err
			}
			before, _, damaged := a.loadCredential(g.key)
			if damaged != nil {
				a.note("%s", core.Sentence(damaged)) // and is overwritten
			}
			saved, err := a.loginByWallet(cmd.Context(), g, ns, o)
			if err != nil {
				return err
			}
			if err := a.keepSignIn(g.base, saved); err != nil {
				return err
			}
			g.endBefore(cmd.Context(), before)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.wallet, "wallet", "", "sign with this wallet of 'debros wallet ls'")
	f.BoolVar(&o.browser, "browser", false, "sign with a wallet in the system's browser")
	f.BoolVar(&o.paste, "paste", false, "print the text to sign and read the signature")
	f.BoolVar(&o.key, "key", false, "save an API key instead")
	f.StringVar(&o.address, "address", "", "with --paste: the wallet's address; else it is asked for")
	f.StringVar(&o.chain, "chain", "", "ETH or SOL, where a wallet has both (default ETH)")
	a.passphraseFlags(c, &o.passphraseFile, &o.keychain)
	c.MarkFlagsMutuallyExclusive("wallet", "browser", "paste", "key")
	_ = c.RegisterFlagCompletionFunc("wallet", a.completeWallets)                                                                 //nolint:errcheck // the flag was just made
	_ = c.RegisterFlagCompletionFunc("chain", cobra.FixedCompletions([]string{"ETH", "SOL"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // likewise
	return c
}

// loginByWallet takes the way that was asked for, else that of the wallet in use.
func (a *app) loginByWallet(ctx context.Context, g *gateway, ns core.Namespace, o loginOptions) (credential, error) {
	switch {
	case o.browser:
		return a.loginByBrowser(ctx, g, ns)
	case o.paste:
		return a.loginByPaste(ctx, g, ns, o)
	}
	return a.loginByStored(ctx, g, ns, o)
}

// keepSignIn saves a sign-in and tells whose it is.
func (a *app) keepSignIn(at string, c credential) error {
	if err := a.saveCredential(c); err != nil {
		return err
	}
	method := core.MethodJWT
	if c.APIKey != "" {
		method = core.MethodAPIKey
	}
	return a.show(document{object: record{
		{"signed_in", true}, {"subject", c.Subject}, {"namespace", string(c.Namespace)}, {"method", method}, {"at", at}, {"expires_at", c.ExpiresAt},
	}})
}

// endBefore ends the session whose place another one took; nobody could use it
// any more. It may be over already.
func (g *gateway) endBefore(ctx context.Context, before credential) {
	if before.RefreshToken == "" {
		return
	}
	err := g.call(ctx, http.MethodPost, "/v1/auth/logout", map[string]string{"refresh_token": before.RefreshToken}, nil)
	if err != nil && core.CodeOf(err) != core.Unauthenticated {
		g.app.note("The session before this one could not be ended: %s", core.Sentence(err))
	}
}

// challenge is a text to sign, as the gateway made it.
type challenge struct {
	Wallet    string    `json:"wallet"`
	Nonce     string    `json:"nonce"`
	Message   string    `json:"message"`
	ExpiresAt time.Time `json:"expires_at"`
	chain     wallet.Chain
	namespace core.Namespace
}

// challenge asks for a text and reads it before anybody signs it.
func (g *gateway) challenge(ctx context.Context, account wallet.Account, ns core.Namespace) (challenge, error) {
	request := record{{"wallet", account.String()}, {"chain_type", string(account.Chain())}, {"purpose", "sign-in"}}
	if ns != "" {
		request = append(request, field{"namespace", string(ns)})
	}
	var c challenge
	if err := g.call(ctx, http.MethodPost, challengePath, request, &c); err != nil {
		return c, err
	}
	c.Wallet, c.chain, c.namespace = account.String(), account.Chain(), ns
	return c, g.judge(c, account)
}

// judge refuses a text that would sign in somewhere else: a gateway could have
// fetched it from another one, to be there whoever signs it.
func (g *gateway) judge(c challenge, account wallet.Account) error {
	u, err := url.Parse(g.base)
	if err != nil {
		return core.Wrap(core.Invalid, err, "%s is no gateway's URL", g.base)
	}
	text, err := wallet.ParseSignIn(c.Message)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "%s did not answer with a sign-in text, so it must not be signed: %s", g.base, core.Sentence(err))
	}
	switch {
	case !strings.EqualFold(text.Domain, u.Host):
		return core.Errorf(core.Denied, "the text is for signing in at %s and not at %s, so it must not be signed", text.Domain, g.base)
	case text.Account != account:
		return core.Errorf(core.Denied, "the text of %s is for another wallet, so it must not be signed", g.base)
	case text.Nonce != c.Nonce:
		return core.Errorf(core.Denied, "the text of %s does not hold the nonce that came with it, so it must not be signed", g.base)
	}
	return nil
}

// verify changes a signature for tokens.
func (g *gateway) verify(ctx context.Context, c challenge, signature string) (credential, error) {
	request := record{{"wallet", c.Wallet}, {"chain_type", string(c.chain)}, {"nonce", c.Nonce}, {"signature", signature}}
	if c.namespace != "" {
		request = append(request, field{"namespace", string(c.namespace)})
	}
	var t tokensAnswer
	if err := g.call(ctx, http.MethodPost, "/v1/auth/verify", request, &t); err != nil {
		return credential{}, err
	}
	if t.AccessToken == "" || t.RefreshToken == "" {
		return credential{}, core.Errorf(core.Unavailable, "the gateway at %s took the signature and gave no tokens for it", g.base)
	}
	return t.credential(g.key, time.Now()), nil
}

// loginByPaste is for wallets that only a person reaches: on another device, or
// of a kind that this program does not know.
func (a *app) loginByPaste(ctx context.Context, g *gateway, ns core.Namespace, o loginOptions) (credential, error) {
	address := o.address
	if address == "" {
		var err error
		if address, err = a.question("Address of the wallet: "); err != nil {
			return credential{}, err
		}
	}
	account, err := wallet.ParseAccount(address, wallet.Chain(o.chain))
	if err != nil {
		return credential{}, err
	}
	c, err := g.challenge(ctx, account, ns)
	if err != nil {
		return credential{}, err
	}
	a.tell("Sign this text, unchanged, with %s:\n\n%s\n", account, c.Message)
	signature, err := a.question("Signature: ")
	if err != nil {
		return credential{}, err
	}
	if err := wallet.Verify(account, c.Message, signature); err != nil {
		return credential{}, err
	}
	return g.verify(ctx, c, signature)
}

// tell prints what a person must read to go on, also with --quiet.
func (a *app) tell(format string, args ...any) {
	quiet := a.opts.quiet
	a.opts.quiet = false
	a.note(format, args...)
	a.opts.quiet = quiet
}

// loginByKey saves an API key once whoever it is for has taken it.
func (a *app) loginByKey(ctx context.Context, p place, args []string) error {
	key, err := a.secretInput(args, 0, "API key: ")
	if err != nil {
		return err
	}
	at, err := a.credentialKey(p)
	if err != nil {
		return err
	}
	saved := credential{For: at, APIKey: strings.TrimSpace(key.Reveal())}
	if p.Gateway == "" && !p.local {
		return a.loginAtNode(ctx, p, saved)
	}
	g, err := a.strangerGateway(p)
	if err != nil {
		return err
	}
	g.credential = saved.secret()
	var who struct {
		Subject   string         `json:"subject"`
		Namespace core.Namespace `json:"namespace"`
	}
	if err := g.call(ctx, http.MethodGet, "/v1/auth/whoami", nil, &who); err != nil {
		return err
	}
	saved.Subject, saved.Namespace = who.Subject, who.Namespace
	return a.keepSignIn(g.base, saved)
}

// loginAtNode tries a key on the nodes of a context that has no gateway.
func (a *app) loginAtNode(ctx context.Context, p place, saved credential) error {
	ns, err := a.namespace()
	if err != nil {
		return err
	}
	if a.opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.opts.timeout)
		defer cancel()
	}
	r, err := a.dial(ctx, target{addresses: p.Peers, namespace: ns, credential: saved.secret()})
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return err
	}
	saved.Namespace = ns
	return a.keepSignIn(strings.Join(p.Peers, " "), saved)
}
