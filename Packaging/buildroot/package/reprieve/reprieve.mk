################################################################################
#
# reprieve
#
################################################################################

# SPDX-License-Identifier: Apache-2.0
# Needs buildroot-swift, which stands before this tree in BR2_EXTERNAL, with
# Swift 6.2 or later. Packaging/build-layers.sh puts the archive, with all Swift
# packages, beside this file, and its hash into reprieve.hash: nothing is
# downloaded.
REPRIEVE_VERSION = 1.0.0
REPRIEVE_SITE = $(BR2_EXTERNAL_REPRIEVE_PATH)/package/reprieve
REPRIEVE_SITE_METHOD = file
REPRIEVE_LICENSE = Apache-2.0
REPRIEVE_LICENSE_FILES = LICENSE
REPRIEVE_DEPENDENCIES = systemd swift-foundation
REPRIEVE_PRODUCTS = reprieved reprieve

define REPRIEVE_BUILD_CMDS
	$(foreach product,$(REPRIEVE_PRODUCTS),
		cd $(@D) && PATH=$(BR_PATH):$(HOST_SWIFT_SUPPORT_DIR)/bin \
		$(SWIFT_BIN) build --destination $(SWIFT_DESTINATION_FILE) \
			--disable-automatic-resolution --product $(product) \
			$(REPRIEVE_BUILD_OPTS)
	)
endef

define REPRIEVE_INSTALL_TARGET_CMDS
	$(@D)/Packaging/install.sh $(REPRIEVE_BUILDDIR) $(TARGET_DIR)
endef

define REPRIEVE_USERS
	- - reprieve -1 * - - - May open the control socket.
endef

$(eval $(swift-package))
