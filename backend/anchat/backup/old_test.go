package backup_test

import "git.debros.io/DeBros/network/backend/core"

// A backup of format 1, made on 27 November 2026.
const (
	oldCode   = core.Secret("BK93-F8AV-STEK-6DWN-AY9Q-98EZ-3ZG3")
	oldKey    = "60c90214bc3215503ab680d86f0aa35302c436e61292adb3d74d81514db0ea2e"
	oldBackup = `
010cfbee0592fa5a843fd75e0d7ee229a4000000030001000004dc234db3e905253568a01cbffb0bc3df106d83e87f04
69b011310aeadd4b174ff8e8403fd071f438746cc0ee41375ed7796e7084053b6f8108801e0c6f1b5507e20bc386648f
504865f80fd7753878dcb9d14e0a364cb65a70c16b74355c089b56bffd2fcb6247c33f6faa833875a0884f8d32b9cd42
5cda3de2e0af15ac681ec44bb23c3d9de605db116cfbd5638212`
)
