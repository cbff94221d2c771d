// This file is the person's own devices and what outlives them: the backup of the
// keys, and files that hold the history.

package api

import (
	"context"
	"fmt"
	"io"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// ChatDevices is bound as "ChatDevices".
type ChatDevices struct{ d *desk }

// List returns the devices of the wallet, this one first.
func (v *ChatDevices) List() ([]ChatDevice, error) {
	return chatAsk(v.d, "ChatDevices.List", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatDevice, error) {
		all, err := c.Devices(ctx)
		return each(all, chatDeviceOf), err
	})
}

// Name names a device; only the person's own devices learn it.
func (v *ChatDevices) Name(fingerprint, name string) error {
	return chatAct(v.d, "ChatDevices.Name", MaxCallTime, func(ctx context.Context, c Chat) error { return c.NameDevice(ctx, fingerprint, name) })
}

// Revoke ends a device: it reads nothing that is written from now on.
func (v *ChatDevices) Revoke(fingerprint string) error {
	return chatAct(v.d, "ChatDevices.Revoke", MaxRunTime, func(ctx context.Context, c Chat) error { return c.RevokeDevice(ctx, fingerprint) })
}

// ChatCode is a text to be shown as a picture: Code holds the rows of its QR code.
type ChatCode struct {
	Text string   `json:"text"`
	Code []string `json:"code"`
}

// Code is what this device shows so that a device that lives lets it in.
func (v *ChatDevices) Code() (ChatCode, error) {
	return chatAsk(v.d, "ChatDevices.Code", MaxCallTime, func(ctx context.Context, c Chat) (ChatCode, error) {
		text, err := c.DeviceCode(ctx)
		return ChatCode{Text: text, Code: qrRows(text)}, err
	})
}

// Approve lets the device in whose code was read, and sends it all keys.
func (v *ChatDevices) Approve(code string) (ChatDevice, error) {
	return chatAsk(v.d, "ChatDevices.Approve", MaxRunTime, func(ctx context.Context, c Chat) (ChatDevice, error) {
		if len(code) > maxQRText {
			return ChatDevice{}, core.Errorf(core.TooLarge, "This is no code of a device; take it from the other screen.")
		}
		device, err := c.Approve(ctx, code)
		return chatDeviceOf(device), err
	})
}

// MakeBackup begins a backup. Its answer has the recovery code, this once.
func (v *ChatDevices) MakeBackup(passphrase string) (ChatBackupMade, error) {
	return chatAsk(v.d, "ChatDevices.MakeBackup", MaxRunTime, func(ctx context.Context, c Chat) (ChatBackupMade, error) {
		secret, err := passphraseOf(passphrase)
		if err != nil {
			return ChatBackupMade{}, err
		}
		made, err := c.MakeBackup(ctx, secret)
		return chatBackupMadeOf(made), err
	})
}

// PostponeBackup remembers that the person said "not now".
func (v *ChatDevices) PostponeBackup() error {
	return chatAct(v.d, "ChatDevices.PostponeBackup", MaxCallTime, func(ctx context.Context, c Chat) error { return c.PostponeBackup(ctx) })
}

// Restore starts a task that opens the backup, by its passphrase or its recovery
// code, and reads it. It returns the task's id.
func (v *ChatDevices) Restore(secret string) (string, error) {
	return chatAsk(v.d, "ChatDevices.Restore", MaxCallTime, func(ctx context.Context, c Chat) (string, error) {
		key, err := passphraseOf(secret)
		if err != nil {
			return "", err
		}
		return v.d.tasks.start(ctx, work{
			kind: "chat.restore", title: "Restore the chat from its backup", unit: "keys",
			run: func(ctx context.Context, p *progress) (string, error) {
				p.phase("reading")
				done, err := c.Restore(ctx, key, p.chat)
				return restoredText(chatRestoredOf(done)), err
			},
		})
	})
}

// restoredText says what a restore brought, and what it did not.
func restoredText(r ChatRestored) string {
	text := fmt.Sprintf("%d keys of %d rooms, %d messages are readable", r.Keys, r.Rooms, r.Messages)
	if r.Refused == 0 {
		return text
	}
	text += fmt.Sprintf("; %d keys were refused", r.Refused)
	if len(r.Reasons) > 0 {
		text += ": " + strings.Join(r.Reasons, "; ")
	}
	return text
}

// ChatExportOptions say what is written out, and where to.
type ChatExportOptions struct {
	Room   string `json:"room"` // "": everything
	Format string `json:"format"`
	File   File   `json:"file"` // of Files.Save
}

// Export starts a task that writes a room or everything to a file, and returns its
// id. The passphrase seals the format "age"; the other formats have none.
func (v *ChatDevices) Export(o ChatExportOptions, passphrase string) (string, error) {
	return chatAsk(v.d, "ChatDevices.Export", MaxCallTime, func(ctx context.Context, c Chat) (string, error) {
		if len(passphrase) > maxPassphraseText {
			return "", errPassphraseLength()
		}
		switch {
		case o.Format == core.ChatExportAge && passphrase == "":
			return "", core.Errorf(core.Invalid, "A sealed file needs a passphrase.")
		case o.Format != core.ChatExportAge && o.Format != core.ChatExportJSON && o.Format != core.ChatExportHTML:
			return "", core.Errorf(core.Invalid, "A chat is written as jsonl, html or age, not as %q.", short(o.Format))
		}
		e := core.ChatExport{Room: o.Room, Format: o.Format, Passphrase: core.Secret(passphrase)}
		return v.d.tasks.start(ctx, work{
			kind: "chat.export", title: fmt.Sprintf("Export messages to %s", o.File.Name), unit: "messages", file: o.File,
			run: func(ctx context.Context, p *progress) (string, error) {
				p.phase("writing")
				var last core.ChatProgress
				err := v.d.files.write(o.File.ID, func(w io.Writer) error {
					return c.Export(ctx, e, w, func(at core.ChatProgress) {
						last = at
						p.chat(at)
					})
				})
				return fmt.Sprintf("%d messages written", last.Done), err
			},
		})
	})
}

// Refusals lists rows and keys that were not believed, newest first.
func (v *ChatDevices) Refusals() ([]ChatRefusal, error) {
	return chatAsk(v.d, "ChatDevices.Refusals", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatRefusal, error) {
		all, err := c.Refusals(ctx)
		return each(all, chatRefusalOf), err
	})
}
