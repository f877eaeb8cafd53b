// SPDX-License-Identifier: Apache-2.0

/// What each `--help` begins with. The empty name is that of `reprieve` itself.
let helpExamples: [String: [String]] = [
    "": [
        "reprieve gate --reason \"nucleus 2.13.0\" -- /usr/lib/nucleus/apply d-42",
        "reprieve hold --why \"writing to flash\" -- ./flash image.bin",
    ],
    "alert": ["reprieve alert --wall --on-override /usr/local/bin/page-operator"],
    "cancel": ["reprieve cancel d-42 --reason \"not this week\""],
    "check": ["sudo reprieve check"],
    "complete": ["reprieve complete @nucleus-2.13 --outcome failed --message \"no space\""],
    "explain": ["reprieve explain", "reprieve explain d-42"],
    "force": ["reprieve force d-42 --reason \"a hole is being used\""],
    "gate": [
        "reprieve gate --reason \"nucleus 2.13.0\" -- /usr/lib/nucleus/apply d-42",
        "reprieve gate --deployment-id @os-7 --reboots -- systemctl reboot",
    ],
    "history": ["reprieve history --since 2d --component com.example.Camera"],
    "hold": ["reprieve hold --why \"writing to flash\" -- ./flash image.bin"],
    "listen": ["reprieve listen --component com.example.Arm --exec ./answer"],
    "metrics": ["reprieve metrics --format prometheus --output reprieve.prom"],
    "plan": ["reprieve plan d.json --installed i.json --recipes recipes"],
    "status": ["reprieve status", "reprieve status --watch"],
    "token": ["reprieve token com.example.Camera", "reprieve token --list"],
    "window": ["reprieve window --check 'Sat,Sun 02:00..05:00' 'Wed 03:00..04:00'"],
]
