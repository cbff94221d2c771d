package cli

// This file has the commands about one's own devices, the backup and exports.

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func chatDeviceRecord(d core.ChatDevice) record {
	return record{
		{"device", d.Fingerprint},
		{"name", d.Name},
		{"this", d.This},
		{"created_at", d.CreatedAt},
		{"expires_at", d.ExpiresAt},
		{"revoked_at", d.RevokedAt},
		{"approved", d.Approved},
		{"seen_at", d.SeenAt},
	}
}

func (a *app) chatDevices() *cobra.Command {
	c := &cobra.Command{
		Use: "devices", Short: "List your devices", Args: cobra.ArbitraryArgs, Example: "  debros chat devices\n  debros chat devices code",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.helpOrUnknown(cmd, args)
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var devices []core.ChatDevice
				if err := a.chat(ctx, r, "Devices", &devices); err != nil {
					return err
				}
				d := document{name: "devices", columns: []string{"device", "name", "this", "approved", "created_at", "expires_at", "revoked_at"}}
				for _, one := range devices {
					d.rows = append(d.rows, chatDeviceRecord(one))
				}
				return a.show(d)
			})
		},
	}
	c.AddCommand(a.chatDeviceName(), a.chatDeviceRevoke(), a.chatDeviceCode(), a.chatDeviceApprove())
	return c
}

func (a *app) chatDeviceName() *cobra.Command {
	return &cobra.Command{
		Use: "name DEVICE NAME", Short: "Name a device of yours", Args: wants("DEVICE", "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chatAct(cmd, "named", "NameDevice", args[0], args[1])
		},
	}
}

func (a *app) chatDeviceRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke DEVICE", Short: "End a device of yours: it reads nothing that is written from then on", Args: wants("DEVICE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm("Revoke the device "+args[0]+"? This cannot be taken back.", args[0]); err != nil {
				return err
			}
			return a.chatAct(cmd, "revoked", "RevokeDevice", args[0])
		},
	}
}

func (a *app) chatDeviceCode() *cobra.Command {
	var withQR bool
	c := &cobra.Command{
		Use: "code", Short: "Print what another device of yours needs to let this one in", Args: wants(),
		Example: "  debros chat devices code --qr",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var code string
				if err := a.chat(ctx, r, "DeviceCode", &code); err != nil {
					return err
				}
				if err := a.show(document{object: record{{"code", code}}, raw: []byte(code + "\n"), hasRaw: true}); err != nil {
					return err
				}
				if withQR || a.env.Terminal.Stderr && !a.opts.quiet {
					return a.drawQR(code)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&withQR, "qr", false, "draw it as a QR code, also without a terminal")
	return c
}

func (a *app) chatDeviceApprove() *cobra.Command {
	return &cobra.Command{
		Use: "approve CODE", Short: "Let in another device of yours and send it all keys", Args: wants("CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				var d core.ChatDevice
				if err := a.chat(ctx, r, "Approve", &d, args[0]); err != nil {
					return err
				}
				return a.show(document{object: chatDeviceRecord(d)})
			})
		},
	}
}

func (a *app) chatBackup() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "backup", Short: "Begin a backup of the chat's keys; prints its recovery code once", Args: wants(),
		Long: "From then on new keys are added by themselves. The backup lies sealed in the network; it is\n" +
			"opened by its passphrase or by the recovery code, which is printed now and never again.",
		Example: "  debros chat backup\n  debros chat backup --passphrase-file pass -o raw > recovery-code",
		RunE: func(cmd *cobra.Command, _ []string) error {
			passphrase, err := a.newPassphrase(file, "Passphrase of the backup: ")
			if err != nil {
				return err
			}
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				var made struct { // a Secret would arrive as what is printed of it
					Code    string `json:"code"`
					Version uint64 `json:"version"`
				}
				if err := a.chat(ctx, r, "MakeBackup", &made, passphrase.Reveal()); err != nil {
					return err
				}
				a.note("Keep the recovery code where you keep other papers that matter. It is not shown again.")
				return a.show(document{object: record{{"code", made.Code}, {"version", made.Version}}, raw: []byte(made.Code + "\n"), hasRaw: true})
			})
		},
	}
	c.Flags().StringVar(&file, "passphrase-file", "", "file with the backup's passphrase, readable by you only")
	return c
}

func (a *app) chatRestore() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "restore", Short: "Read the history on this device by the backup's passphrase or recovery code", Args: wants(),
		Example: "  debros chat restore --secret-file recovery-code",
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := a.passphrase(file, "Passphrase or recovery code of the backup: ")
			if err != nil {
				return err
			}
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				var done core.ChatRestored
				if err := a.chat(ctx, r, "Restore", &done, secret.Reveal()); err != nil {
					return err
				}
				return a.show(document{object: record{
					{"keys", done.Keys}, {"messages", done.Messages}, {"rooms", done.Rooms}, {"refused", done.Refused}, {"reasons", done.Reasons},
				}})
			})
		},
	}
	c.Flags().StringVar(&file, "secret-file", "", "file with the passphrase or recovery code, readable by you only")
	return c
}

func (a *app) chatExport() *cobra.Command {
	var room, format, file string
	c := &cobra.Command{
		Use: "export FILE", Short: "Write a room, or everything, to a file on the node's computer", Args: wants("FILE"),
		Long:    "jsonl and html are readable by whoever has the file. age holds everything with its signatures,\nsealed with a passphrase: any program for age files opens it.",
		Example: "  debros chat export plans.html --room plans --format html\n  debros chat export all.age --format age",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return core.Wrap(core.Invalid, err, "the path %q cannot be read", args[0])
			}
			var passphrase core.Secret
			if format == core.ChatExportAge {
				if passphrase, err = a.newPassphrase(file, "Passphrase of the file: "); err != nil {
					return err
				}
			}
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				id := ""
				if room != "" {
					found, err := a.chatRoom(ctx, r, room)
					if err != nil {
						return err
					}
					id = found.ID
				}
				in := map[string]any{"room": id, "format": format, "passphrase": passphrase.Reveal()}
				if err := a.chat(ctx, r, "ExportFile", nil, in, path); err != nil {
					return err
				}
				return a.show(document{object: record{{"saved", true}, {"path", path}}})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&room, "room", "", "only this room")
	f.StringVar(&format, "format", core.ChatExportJSON, "jsonl, html or age")
	f.StringVar(&file, "passphrase-file", "", "of age: file with the passphrase, readable by you only")
	return c
}
