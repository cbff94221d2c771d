package cli

// This file makes, lists and revokes tickets, and draws them.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"rsc.io/qr"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) inviteCommand() *cobra.Command {
	var ttl time.Duration
	var withQR, noQR bool
	c := &cobra.Command{
		Use: "invite", Short: "Make a ticket with which one node joins the network, once", Args: cobra.ArbitraryArgs,
		Long: "Prints a ticket. Whoever has it can make one node a member of this network until it\n" +
			"expires: hand it on as you would a password.",
		Example: "  debros invite\n  debros invite --ttl 1h -o raw > ticket",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.helpOrUnknown(cmd, args)
			}
			if ttl < 0 || ttl > core.MaxTicketTTL {
				return core.Errorf(core.Invalid, "--ttl is at most %d days", core.MaxTicketTTL/(24*time.Hour))
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				t, err := r.Invite(ctx, core.InviteOptions{TTL: ttl})
				if err != nil {
					return err
				}
				if err := a.show(document{object: ticketRecord(t, true), raw: []byte(t.Text + "\n"), hasRaw: true}); err != nil {
					return err
				}
				if !noQR && (withQR || a.env.Terminal.Stderr && !a.opts.quiet) {
					return a.drawQR(t.Link)
				}
				return nil
			})
		},
	}
	c.Flags().Var((*duration)(&ttl), "ttl", "how long the ticket can be used (default 24h)")
	c.Flags().BoolVar(&withQR, "qr", false, "draw the link as a QR code, also without a terminal")
	c.Flags().BoolVar(&noQR, "no-qr", false, "draw no QR code")
	c.MarkFlagsMutuallyExclusive("qr", "no-qr")
	c.AddCommand(a.inviteLs(), a.inviteRevoke())
	return c
}

// drawQR goes to standard error: it is no data, and a table must stay one.
func (a *app) drawQR(link string) error {
	code, err := qr.Encode(link, qr.L)
	if err != nil {
		return core.Wrap(core.Internal, err, "the link cannot be drawn; use the ticket's text")
	}
	fmt.Fprint(a.env.Stderr, "\n"+halfBlocks(code.Size, code.Black))
	return nil
}

// halfBlocks draws two rows in one line. The light parts are the characters, so
// that the code reads right on a dark terminal; scanners read it inverted too.
func halfBlocks(size int, black func(x, y int) bool) string {
	const quiet = 2 // light edge, without which no scanner finds the code
	var b strings.Builder
	for y := -quiet; y < size+quiet; y += 2 {
		for x := -quiet; x < size+quiet; x++ {
			switch upper, lower := black(x, y), black(x, y+1); {
			case upper && lower:
				b.WriteRune(' ')
			case upper:
				b.WriteRune('▄')
			case lower:
				b.WriteRune('▀')
			default:
				b.WriteRune('█')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func ticketRecord(t core.Ticket, secret bool) record {
	r := record{
		{"id", t.ID},
		{"state", ticketState(t, time.Now())},
		{"network", t.Network},
		{"created_at", t.CreatedAt},
		{"created_by", t.CreatedBy},
		{"expires_at", t.ExpiresAt},
		{"used_at", t.UsedAt},
		{"used_by", t.UsedBy},
		{"revoked_at", t.RevokedAt},
	}
	if secret {
		return record{{"id", t.ID}, {"network", t.Network}, {"expires_at", t.ExpiresAt}, {"text", t.Text}, {"link", t.Link}}
	}
	return r
}

// ticketState is one word for what a ticket is worth.
func ticketState(t core.Ticket, now time.Time) string {
	switch {
	case !t.UsedAt.IsZero():
		return "used"
	case !t.RevokedAt.IsZero():
		return "revoked"
	case !t.ExpiresAt.After(now):
		return "expired"
	}
	return "open"
}

func (a *app) inviteLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List tickets, without their secrets", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				tickets, err := r.Tickets(ctx)
				if err != nil {
					return err
				}
				d := document{name: "tickets", columns: []string{"id", "state", "expires_at", "used_by", "created_by"}}
				for _, t := range tickets {
					d.rows = append(d.rows, ticketRecord(t, false))
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) inviteRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a ticket that was not used", Args: wants("ID"), ValidArgsFunction: a.completeTickets,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				if err := r.RevokeTicket(ctx, args[0]); err != nil {
					return err
				}
				return a.show(document{object: record{{"revoked", true}, {"id", args[0]}}})
			})
		},
	}
}
