// SPDX-License-Identifier: Apache-2.0
//
// Stands in for systemd's knowledge of units, where there is no systemd: loaded into the daemon
// before libsystemd, it looks processes up in the file $REPRIEVE_TEST_UNITS, which has lines of
// "PID UNIT [USER-UNIT]"; PID -1 is every process. The unit "failing" is a look-up that fails. A
// process without a line is where the leader of its session is.

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int sd_booted(void) { return 1; }

static int find(pid_t process, int column, char **unit) {
    FILE *file = fopen(getenv("REPRIEVE_TEST_UNITS"), "r");
    char line[512], names[2][256];
    int number, result = -ENODATA;
    while (file && fgets(line, sizeof line, file)) {
        int count = sscanf(line, "%d %255s %255s", &number, names[0], names[1]);
        if (count < 2 + column || (number != process && number != -1)) continue;
        result = strcmp(names[0], "failing") == 0 ? -EIO : 0;
        *unit = strdup(names[column]);
    }
    if (file) fclose(file);
    return result;
}

static int look_up(pid_t process, int column, char **unit) {
    int result = find(process, column, unit);
    return result == -ENODATA ? find(getsid(process), column, unit) : result;
}

int sd_pid_get_unit(pid_t process, char **unit) { return look_up(process, 0, unit); }

int sd_pid_get_user_unit(pid_t process, char **unit) { return look_up(process, 1, unit); }
