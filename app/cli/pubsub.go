package cli

// This file has the commands of messages.

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) pubsubCommand() *cobra.Command {
	return a.group("pubsub", "Send and receive messages", a.pubsubPub(), a.pubsubSub(), a.pubsubTopics())
}

func (a *app) pubsubPub() *cobra.Command {
	return &cobra.Command{
		Use: "pub TOPIC [DATA]", Aliases: []string{"publish"}, Short: "Send a message to a topic", Args: wants("TOPIC", "[DATA]"), ValidArgsFunction: a.completeTopics,
		Long:    "Sends DATA to everybody who listens to TOPIC. Without DATA, or with '-', it is read\nfrom standard input; '@file' reads a file.",
		Example: "  debros pubsub pub news 'good morning'",
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.value(args, 1)
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				if err := r.Publish(ctx, ns, args[0], data); err != nil {
					return err
				}
				a.note("sent %d bytes to %s", len(data), args[0])
				return nil
			})
		},
	}
}

func (a *app) pubsubSub() *cobra.Command {
	var count int
	c := &cobra.Command{
		Use: "sub TOPIC", Aliases: []string{"subscribe"}, Short: "Print the messages of a topic as they come", Args: wants("TOPIC"), ValidArgsFunction: a.completeTopics,
		Long:    "Prints messages until Ctrl+C, or until --count have come. Into a pipe each is one JSON\nobject on a line; with -o raw it is the message's bytes and a new line.",
		Example: "  debros pubsub sub news\n  debros pubsub sub jobs --count 1 -o raw",
		RunE: func(cmd *cobra.Command, args []string) error {
			if count < 0 {
				return core.Errorf(core.Invalid, "--count is 1 or more; 0 is without end")
			}
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				return a.follow(ctx, r, ns, args[0], count)
			})
		},
	}
	c.Flags().IntVar(&count, "count", 0, "end after so many messages")
	return c
}

func (a *app) follow(ctx context.Context, r remote, ns core.Namespace, topic string, count int) error {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var mu sync.Mutex // messages come one at a time, but not before ready ended
	seen := 0
	ready := func() { a.note("listening to %s in the namespace %s; Ctrl+C ends", topic, ns) }
	return r.Subscribe(ctx, ns, topic, ready, func(m core.Message) error {
		mu.Lock()
		defer mu.Unlock()
		if count > 0 && seen >= count {
			return nil
		}
		if err := a.printMessage(m); err != nil {
			return err
		}
		if seen++; seen == count {
			enough()
		}
		return nil
	})
}

func (a *app) printMessage(m core.Message) error {
	if a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout) {
		body := fmt.Sprintf("[%d bytes that are no text]", len(m.Data))
		if utf8.Valid(m.Data) {
			body = printable(string(m.Data))
		}
		line := a.paintOut(colorFaint, m.ReceivedAt.Local().Format("15:04:05")+" "+short(m.From)) + " " + body + "\n"
		return a.write([]byte(line))
	}
	var asText any
	if utf8.Valid(m.Data) {
		asText = string(m.Data)
	}
	row := record{
		{"id", m.ID},
		{"topic", m.Topic},
		{"from", m.From},
		{"received_at", m.ReceivedAt},
		{"data", asText},
		{"data_base64", base64.StdEncoding.EncodeToString(m.Data)},
	}
	return a.show(document{name: "messages", rows: []record{row}, raw: append(m.Data[:len(m.Data):len(m.Data)], '\n'), hasRaw: true})
}

// short is the end of a peer id, which is what differs.
func short(id string) string {
	if len(id) > 8 {
		return "…" + id[len(id)-8:]
	}
	return id
}

func (a *app) pubsubTopics() *cobra.Command {
	return &cobra.Command{
		Use: "topics", Short: "List the topics that somebody listens to", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				topics, err := r.Topics(ctx, ns)
				if err != nil {
					return err
				}
				d := document{name: "topics", columns: []string{"topic"}}
				for _, t := range topics {
					d.rows = append(d.rows, record{{"topic", t}})
				}
				return a.show(d)
			})
		},
	}
}
