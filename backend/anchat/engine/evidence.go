package engine

// This file gives away what proves whose devices are whose.

import (
	"maps"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Evidence is all that is known here of an account's devices, in the form in which
// Learn takes it: whoever has it can check what the devices have signed.
func (e *Olm) Evidence(a wallet.Account) wire.Devices {
	var d wire.Devices
	p := e.people[a]
	if p == nil {
		return d
	}
	for _, k := range e.Devices(a) {
		d.Certificates = append(d.Certificates, k.certificates...)
	}
	for _, version := range slices.Sorted(maps.Keys(p.chain)) {
		d.Lists = append(d.Lists, p.chain[version])
	}
	return d
}
