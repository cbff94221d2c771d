// Package wallet says who somebody is: it judges the proofs of wallets, writes the
// texts that people sign to sign in, and keeps built-in wallets for those who have
// no other. It knows no network and no chain.
//
// # Proofs
//
// An [Account] is an address on Ethereum or Solana, compared as bytes. [Verify] is
// the only place that judges a signature; it is stricter than the libraries, so
// that one proof has one form and no key is a key for everybody.
//
//	who, err := wallet.ParseAccount("0xf39F…", "")
//	err = wallet.Verify(who, text, signature) // nil, or one of the named reasons
//
// The text is the bare nonce of a challenge, or what [SignIn.Text] builds: EIP-4361
// for Ethereum, its twin for Solana. Equal values give equal bytes, so a verifier
// builds the text again and never believes the one that it is sent. Whether
// domain, times and nonce are right is for the verifier to know.
//
// # Built-in wallets
//
// A [Store] is one folder, 0700 with files of 0600. They are identities, not meant
// for funds.
//
//	wallets, err := wallet.Open(dir)
//	info, words, err := wallets.Create(ctx, wallet.New{Passphrase: passphrase})
//	signer, err := wallets.Unlock(ctx, info.ID, passphrase) // a second, 256 MB
//	defer signer.Lock()
//	signature, err := signer.Sign(ctx, info.Accounts[0], text, confirm)
//
// A file <id>.json is a keystore file of Ethereum, version 3, or the same
// protection (scrypt, AES-128-CTR, Keccak MAC) around a Solana key or the entropy
// of a phrase. Its part "debros" has kind, label, addresses and time of creation,
// which are seen without the passphrase. <id>.keychain, where it is, has the same
// secret under a random passphrase that only the keychain of the system knows.
//
// A [Signer] signs a nonce or a sign-in text, each after a [Confirm] has shown it
// in full, and nothing else. It locks itself after five minutes without a
// signature.
//
// # Secrets
//
// Passphrases, words and keys are core.Secret outside and types that print
// [secret] or an address inside. What is held as bytes is wiped after use; Go's
// strings and the copies that libraries make cannot be.
//
// # Keys from words
//
// [Seed], [Ethereum] and [Solana] follow the standards that other wallets follow,
// so that a phrase gives the same addresses everywhere: BIP-39 from words to a
// seed, BIP-32 with the paths of BIP-44 for Ethereum, SLIP-0010 for Solana's
// Ed25519 keys.
//
// Functions may be called from any goroutine.
package wallet
