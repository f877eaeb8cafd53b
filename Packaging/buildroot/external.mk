# SPDX-License-Identifier: Apache-2.0
include $(BR2_EXTERNAL_REPRIEVE_PATH)/package/reprieve/reprieve.mk
