// This file is the rest of the Node screen: the configuration file, the gateway's
// last requests, backups, and the history of the node's numbers.

package api

import (
	"context"
	"fmt"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

// Panel is what the Node screen asks of a node besides its state.
type Panel interface {
	// GatewayRequests returns the last requests with Seq > after, oldest first.
	GatewayRequests(after uint64) []core.GatewayRequest
	// Measures must be cheap: it is asked every few seconds.
	Measures() core.Measures
	BackupPlan(ctx context.Context) (core.BackupPlan, error)
	BackupFiles(ctx context.Context) ([]core.BackupFile, error)
	BackupNow(ctx context.Context, tell func(core.Progress)) (files int, err error)
	// Stop asks the node to end as a signal would, and returns at once.
	Stop(ctx context.Context) error
}

// ConfigFile is the node's configuration file.
type ConfigFile interface {
	Path() string
	Keys() ([]core.ConfigKey, error)
	Save(changes []core.ConfigChange) error
}

// ConfigKey is one setting; see core.ConfigKey.
type ConfigKey struct {
	Name        string   `json:"name"`
	Value       string   `json:"value"`
	Origin      string   `json:"origin"`
	Help        string   `json:"help"`
	Default     string   `json:"default"`
	Kind        string   `json:"kind"`
	Choices     []string `json:"choices"`
	Environment string   `json:"environment"`
	Flag        string   `json:"flag"`
	Secret      bool     `json:"secret"`
	InFile      bool     `json:"in_file"`
	Next        string   `json:"next"`
	Restart     bool     `json:"restart"`
	Overruled   bool     `json:"overruled"`
}

// ConfigView is the configuration and the file that it is changed in.
type ConfigView struct {
	Path string      `json:"path"`
	Keys []ConfigKey `json:"keys"`
}

// ConfigChange is a setting to change; see core.ConfigChange.
type ConfigChange struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Reset bool   `json:"reset"`
}

// GatewayRequest is one answered request; see core.GatewayRequest.
type GatewayRequest struct {
	Seq       string  `json:"seq"`
	Time      string  `json:"time"`
	Method    string  `json:"method"`
	Route     string  `json:"route"`
	Status    int     `json:"status"`
	TookMS    float64 `json:"took_ms"`
	Account   string  `json:"account"`
	Code      string  `json:"code"`
	RequestID string  `json:"request_id"`
}

// BackupFile is one file of the backups.
type BackupFile struct {
	Name string `json:"name"`
	Size string `json:"size"` // bytes
	Time string `json:"time"`
}

// Backups is the schedule and what it has left.
type Backups struct {
	IntervalSeconds int64        `json:"interval_seconds"` // 0: there is no schedule
	Dir             string       `json:"dir"`
	Keep            int          `json:"keep"`
	LastAt          string       `json:"last_at"`
	LastError       string       `json:"last_error"`
	LastFiles       int          `json:"last_files"`
	NextAt          string       `json:"next_at"`
	Files           []BackupFile `json:"files"`
}

// Settings lists the configuration as it runs and as the next start will find it.
func (n *Node) Settings() (ConfigView, error) {
	return guard(n.d, "Node.Settings", MaxCallTime, func(context.Context) (ConfigView, error) {
		file, err := n.d.configFile()
		if err != nil {
			return ConfigView{}, err
		}
		keys, err := file.Keys()
		if err != nil {
			return ConfigView{}, err
		}
		out := ConfigView{Path: file.Path(), Keys: []ConfigKey{}}
		for _, k := range keys {
			out.Keys = append(out.Keys, ConfigKey{
				Name: k.Name, Value: k.Value, Origin: k.Origin, Help: k.Help, Default: k.Default, Kind: k.Kind, Choices: list(k.Choices),
				Environment: k.Environment, Flag: k.Flag, Secret: k.Secret, InFile: k.InFile, Next: k.Next, Restart: k.Restart, Overruled: k.Overruled,
			})
		}
		return out, nil
	})
}

// SaveSettings changes the configuration file, all keys together or none. A
// secret comes by SaveSecret instead: only there no log can hold it.
func (n *Node) SaveSettings(changes []ConfigChange) error {
	return act(n.d, "Node.SaveSettings", MaxCallTime, func(context.Context) error {
		file, err := n.d.configFile()
		if err != nil {
			return err
		}
		var out []core.ConfigChange
		for _, c := range changes {
			out = append(out, core.ConfigChange(c))
		}
		return file.Save(out)
	})
}

// SaveSecret sets one key in the configuration file whose value nobody may see.
func (n *Node) SaveSecret(name, value string) error {
	return act(n.d, "Node.SaveSecret", MaxCallTime, func(context.Context) error {
		file, err := n.d.configFile()
		if err != nil {
			return err
		}
		return file.Save([]core.ConfigChange{{Name: name, Value: value}})
	})
}

// Requests lists the gateway's last requests, oldest first; after is the Seq of
// the last one seen, "" for none.
func (n *Node) Requests(after string) ([]GatewayRequest, error) {
	return guard(n.d, "Node.Requests", MaxCallTime, func(context.Context) ([]GatewayRequest, error) {
		b, err := n.d.node()
		if err != nil {
			return nil, err
		}
		var seq uint64
		if after != "" {
			if seq, err = strconv.ParseUint(after, 10, 64); err != nil {
				return nil, core.Errorf(core.Invalid, "A request's number is made of digits, not %q.", after)
			}
		}
		out := []GatewayRequest{}
		for _, r := range b.Panel.GatewayRequests(seq) {
			out = append(out, GatewayRequest{
				Seq: number(r.Seq), Time: stamp(r.Time), Method: r.Method, Route: r.Route, Status: r.Status, TookMS: float64(r.Took.Microseconds()) / 1000,
				Account: r.Account, Code: string(r.Code), RequestID: r.RequestID,
			})
		}
		return out, nil
	})
}

// Backups tells the schedule of backups and lists its files, newest first.
func (n *Node) Backups() (Backups, error) {
	return guard(n.d, "Node.Backups", MaxCallTime, func(ctx context.Context) (Backups, error) {
		b, err := n.d.node()
		if err != nil {
			return Backups{}, err
		}
		plan, err := b.Panel.BackupPlan(ctx)
		if err != nil {
			return Backups{}, err
		}
		files, err := b.Panel.BackupFiles(ctx)
		if err != nil {
			return Backups{}, err
		}
		out := Backups{
			IntervalSeconds: int64(plan.Interval.Seconds()), Dir: plan.Dir, Keep: plan.Keep, LastAt: stamp(plan.LastAt), LastError: plan.LastError,
			LastFiles: plan.Files, NextAt: stamp(plan.NextAt), Files: []BackupFile{},
		}
		for _, f := range files {
			out.Files = append(out.Files, BackupFile{Name: f.Name, Size: decimal(f.Size), Time: stamp(f.Time)})
		}
		return out, nil
	})
}

// BackupNow starts a round of backups and returns the task's id.
func (n *Node) BackupNow(title string) (string, error) {
	return guard(n.d, "Node.BackupNow", MaxCallTime, func(ctx context.Context) (string, error) {
		b, err := n.d.node()
		if err != nil {
			return "", err
		}
		return n.d.tasks.start(ctx, work{kind: "backup", title: title, unit: "namespaces", run: func(ctx context.Context, p *progress) (string, error) {
			files, err := b.Panel.BackupNow(ctx, func(now core.Progress) {
				p.total(now.Total)
				p.set(now.Done)
			})
			return fmt.Sprintf("%s written.", core.Count(files, "file")), err
		}})
	})
}

// Stop ends the node, and with it the page. Its answer may be the last one.
func (n *Node) Stop() error {
	return act(n.d, "Node.Stop", MaxCallTime, func(ctx context.Context) error {
		b, err := n.d.node()
		if err != nil {
			return err
		}
		n.d.log.Info("a page asks the node to stop")
		return b.Panel.Stop(ctx)
	})
}

// configFile returns the node's configuration file.
func (d *desk) configFile() (ConfigFile, error) {
	b, err := d.node()
	if err != nil {
		return nil, err
	}
	return b.Config, nil
}
