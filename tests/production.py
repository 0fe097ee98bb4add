"""What a production's settings are at the least, as variables without their prefix."""

import base64

from integrations.sandbox.credentials import APP_KEY, PLATFORM_PUBLIC_KEY

KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql+asyncpg://longan@db/longan",
    "VALKEY_URL": "redis://valkey",
    "MASTER_KEYS": f'{{"1": "{KEY}"}}',
    "INDEX_KEY": KEY,
    "TOKEN_KEY": KEY,
    "IDENTITY_REGISTER": "aliyun",
    "REGISTERS__ACCESS_KEY_ID": "LTAI1",
    "REGISTERS__ACCESS_KEY_SECRET": "12345678",
    "CASHIER": "alipay",
    "CASHIERS__ALIPAY__APP_ID": "2021000000000001",
    "CASHIERS__ALIPAY__PRIVATE_KEY": APP_KEY,
    "CASHIERS__ALIPAY__PUBLIC_KEY": PLATFORM_PUBLIC_KEY,
    "SMS_GATEWAY": "twilio",
    "SMS__ACCOUNT_SID": "AC1",
    "SMS__AUTH_TOKEN": "12345678",
    "SMS__SENDER": "+15005550006",
}
