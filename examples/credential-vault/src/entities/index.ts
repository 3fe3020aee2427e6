import { AlertRule } from "./alert-rule.js"
import { ApiKey } from "./api-key.js"
import { AuditLog } from "./audit-log.js"
import { Camera } from "./camera.js"
import { ProviderKey } from "./provider-key.js"
import { KeyVersion, Rotation } from "./rotation.js"
import { Setting } from "./setting.js"
import { User } from "./user.js"
import { WebhookDelivery } from "./webhook-delivery.js"

/** Those with encrypted columns, which a rotation goes through. */
export const encryptedEntities = [User, ProviderKey, ApiKey, Camera, AlertRule, Setting]

/** All entities, those first that others refer to. */
export const entities = [...encryptedEntities, WebhookDelivery, AuditLog, KeyVersion, Rotation]
