// This file turns the chat's data into what the page can hold.

package api

import "git.debros.io/DeBros/network/backend/core"

// each converts a list; the answer is never nil.
func each[T, U any](all []T, one func(T) U) []U {
	out := make([]U, len(all))
	for i, v := range all {
		out[i] = one(v)
	}
	return out
}

func chatNewsOf(v *core.ChatMessage) *ChatMessage {
	if v == nil {
		return nil
	}
	out := chatMessageOf(*v)
	return &out
}

func chatStateOf(v core.ChatState) ChatState {
	return ChatState{
		State:     v.State,
		Network:   v.Network,
		Address:   v.Address,
		Chain:     v.Chain,
		Device:    v.Device,
		Accounts:  each(v.Accounts, chatAccountOf),
		Online:    v.Online,
		Problem:   v.Problem,
		SyncDone:  v.SyncDone,
		SyncTotal: v.SyncTotal,
		Outbox:    v.Outbox,
		Unread:    v.Unread,
		Mentions:  v.Mentions,
		Requests:  v.Requests,
		ExpiresAt: stamp(v.ExpiresAt),
		RenewDue:  v.RenewDue,
		Revoked:   v.Revoked,
		Approved:  v.Approved,
		Backup:    chatBackupOf(v.Backup),
		Version:   v.Version,
	}
}

func chatAccountOf(v core.ChatAccount) ChatAccount { return ChatAccount(v) }

func chatEnrolmentOf(v core.ChatEnrolment) ChatEnrolment { return ChatEnrolment(v) }

func chatRoomOf(v core.ChatRoom) ChatRoom {
	return ChatRoom{
		ID:          v.ID,
		Kind:        v.Kind,
		State:       v.State,
		Name:        v.Name,
		Topic:       v.Topic,
		Peer:        v.Peer,
		Members:     v.Members,
		Role:        v.Role,
		History:     v.History,
		Timer:       v.Timer,
		Unread:      v.Unread,
		Mentions:    v.Mentions,
		Muted:       v.Muted,
		Notify:      v.Notify,
		Receipts:    v.Receipts,
		Typing:      v.Typing,
		Presence:    v.Presence,
		Preview:     v.Preview,
		LastFrom:    v.LastFrom,
		LastAt:      stamp(v.LastAt),
		Draft:       v.Draft,
		FirstUnread: v.FirstUnread,
		Read:        v.Read,
		Last:        v.Last,
		MayWrite:    v.MayWrite,
		MayInvite:   v.MayInvite,
		MyName:      v.MyName,
		MayManage:   v.MayManage,
		FreeInvite:  v.FreeInvite,
		Warning:     v.Warning,
		InvitedBy:   v.InvitedBy,
		Hosts:       list(v.Hosts),
		Answering:   list(v.Answering),
	}
}

func chatPersonOf(v core.ChatPerson) ChatPerson {
	return ChatPerson{
		Address:   v.Address,
		Name:      v.Name,
		Nickname:  v.Nickname,
		Role:      v.Role,
		Me:        v.Me,
		Verified:  v.Verified,
		Changed:   v.Changed,
		Blocked:   v.Blocked,
		LookAlike: v.LookAlike,
		Contact:   v.Contact,
		Devices:   each(v.Devices, chatDeviceOf),
		Present:   v.Present,
		SeenAt:    stamp(v.SeenAt),
		Invited:   v.Invited,
		Banned:    v.Banned,
	}
}

func chatDeviceOf(v core.ChatDevice) ChatDevice {
	return ChatDevice{
		Fingerprint: v.Fingerprint,
		Name:        v.Name,
		This:        v.This,
		CreatedAt:   stamp(v.CreatedAt),
		ExpiresAt:   stamp(v.ExpiresAt),
		RevokedAt:   stamp(v.RevokedAt),
		Approved:    v.Approved,
		New:         v.New,
		SeenAt:      stamp(v.SeenAt),
	}
}

func chatSafetyOf(v core.ChatSafety) ChatSafety {
	return ChatSafety{
		Address:  v.Address,
		Number:   v.Number,
		QR:       v.QR,
		Code:     qrRows(v.QR),
		Verified: v.Verified,
		Devices:  each(v.Devices, chatDeviceOf),
	}
}

func chatMessageOf(v core.ChatMessage) ChatMessage {
	return ChatMessage{
		ID:        v.ID,
		Position:  v.Position,
		Room:      v.Room,
		Kind:      v.Kind,
		From:      v.From,
		FromName:  v.FromName,
		Device:    v.Device,
		Mine:      v.Mine,
		Text:      v.Text,
		Notice:    v.Notice,
		Targets:   list(v.Targets),
		Missing:   v.Missing,
		Waiting:   v.Waiting,
		Edited:    v.Edited,
		Earlier:   each(v.Earlier, chatVersionOf),
		Deleted:   v.Deleted,
		DeletedBy: v.DeletedBy,
		ReplyTo:   chatQuoteOf(v.ReplyTo),
		Reactions: each(v.Reactions, chatReactionOf),
		Mentions:  list(v.Mentions),
		ToMe:      v.ToMe,
		Files:     each(v.Files, chatAttachmentOf),
		SentAt:    stamp(v.SentAt),
		StoredAt:  stamp(v.StoredAt),
		ExpiresAt: stamp(v.ExpiresAt),
		Step:      v.Step,
		Place:     v.Place,
		Failure:   v.Failure,
		StoredOn:  v.StoredOn,
		StoredOf:  v.StoredOf,
		SeenBy:    v.SeenBy,
		Flags:     list(v.Flags),
	}
}

func chatVersionOf(v core.ChatVersion) ChatVersion {
	return ChatVersion{
		Text: v.Text,
		At:   stamp(v.At),
	}
}

func chatQuoteOf(v *core.ChatQuote) *ChatQuote {
	if v == nil {
		return nil
	}
	out := ChatQuote(*v)
	return &out
}

func chatReactionOf(v core.ChatReaction) ChatReaction {
	return ChatReaction{
		Sign: v.Sign,
		By:   list(v.By),
		Mine: v.Mine,
	}
}

func chatAttachmentOf(v core.ChatAttachment) ChatAttachment { return ChatAttachment(v) }

func chatPageOf(v core.ChatMessages) ChatPage {
	return ChatPage{
		Messages: each(v.Messages, chatMessageOf),
		Older:    v.Older,
		Newer:    v.Newer,
		Version:  v.Version,
		Total:    v.Total,
	}
}

func chatHitOf(v core.ChatHit) ChatHit {
	return ChatHit{
		Room:     v.Room,
		RoomName: v.RoomName,
		ID:       v.ID,
		Position: v.Position,
		From:     v.From,
		FromName: v.FromName,
		At:       stamp(v.At),
		Text:     v.Text,
		Ranges:   list(v.Ranges),
	}
}

func chatLadderOf(v core.ChatLadder) ChatLadder {
	return ChatLadder{
		ID:        v.ID,
		Step:      v.Step,
		Steps:     each(v.Steps, chatStepOf),
		Place:     v.Place,
		Failure:   v.Failure,
		StoredBy:  list(v.StoredBy),
		Replicas:  list(v.Replicas),
		People:    each(v.People, chatReadOf),
		Seen:      v.Seen,
		Received:  v.Received,
		Members:   v.Members,
		CheckedAt: stamp(v.CheckedAt),
	}
}

func chatStepOf(v core.ChatStep) ChatStep {
	return ChatStep{
		Step:     v.Step,
		At:       stamp(v.At),
		Evidence: v.Evidence,
	}
}

func chatReadOf(v core.ChatRead) ChatRead {
	return ChatRead{
		Address: v.Address,
		Name:    v.Name,
		State:   v.State,
		At:      stamp(v.At),
		SeenAt:  stamp(v.SeenAt),
	}
}

func chatLinkOf(v core.ChatLink) ChatLink {
	return ChatLink{
		ID:        v.ID,
		Room:      v.Room,
		RoomName:  v.RoomName,
		URL:       v.URL,
		Code:      qrRows(v.URL),
		By:        v.By,
		ByName:    v.ByName,
		ExpiresAt: stamp(v.ExpiresAt),
		Uses:      v.Uses,
		Used:      v.Used,
		Network:   v.Network,
		Here:      v.Here,
	}
}

func chatBackupOf(v core.ChatBackup) ChatBackup {
	return ChatBackup{
		Exists:    v.Exists,
		Version:   v.Version,
		Entries:   v.Entries,
		Pending:   v.Pending,
		UpdatedAt: stamp(v.UpdatedAt),
		Open:      v.Open,
		Offered:   v.Offered,
		Restored:  v.Restored,
	}
}

func chatBackupMadeOf(v core.ChatBackupMade) ChatBackupMade {
	return ChatBackupMade{
		Code:    v.Code.Reveal(),
		Version: v.Version,
	}
}

func chatRestoredOf(v core.ChatRestored) ChatRestored {
	return ChatRestored{
		Keys:     v.Keys,
		Messages: v.Messages,
		Rooms:    v.Rooms,
		Refused:  v.Refused,
		Reasons:  list(v.Reasons),
	}
}

func chatActivityOf(v core.ChatActivity) ChatActivity {
	return ChatActivity{
		Room:    v.Room,
		Typing:  list(v.Typing),
		Present: list(v.Present),
	}
}

func chatRefusalOf(v core.ChatRefusal) ChatRefusal {
	return ChatRefusal{
		At:     stamp(v.At),
		Room:   v.Room,
		What:   v.What,
		From:   v.From,
		Reason: v.Reason,
	}
}

func chatEventOf(v core.ChatEvent) ChatEvent {
	return ChatEvent{
		Kind:    v.Kind,
		Room:    v.Room,
		Version: v.Version,
		Message: chatNewsOf(v.Message),
		Title:   v.Title,
	}
}
