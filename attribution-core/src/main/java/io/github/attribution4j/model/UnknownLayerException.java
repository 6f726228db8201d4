// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.internal.NearNames;
import java.util.List;

/** No cut point has this address; the message names similar ones. */
public final class UnknownLayerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param path the address given
     * @param known all addresses
     */
    public UnknownLayerException(String path, List<String> known) {
        super("layer '" + path + "' does not exist; " + NearNames.hint(path, known));
    }
}
