// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What identifies a model in provenance.
 *
 * @param name what the user calls it: a file name, or {@code function}
 * @param version what the user says of it, such as {@code 3.2}; empty where nothing was said
 * @param digest SHA-256 of the caller's file in hexadecimal, or empty where there is no file
 * @param engine what computes, with its version, such as {@code PyTorch 2.7.1 through DJL 0.35.1}
 * @param device where it computes, such as {@code cpu} or {@code cuda:0}
 * @param loaded what was asked for when it was loaded, or copied, and changes the numbers, in order: the output,
 *     another method or type than the file's, the digest of a state, backward rules; empty where the file alone decides
 */
public record ModelIdentity(
        String name, String version, String digest, String engine, String device, Map<String, String> loaded) {
    /** Copies the map. */
    public ModelIdentity {
        loaded = Collections.unmodifiableMap(new LinkedHashMap<>(loaded));
    }

    /** Makes the identity of a model of which the file alone decides. */
    public ModelIdentity(String name, String version, String digest, String engine, String device) {
        this(name, version, digest, engine, device, Map.of());
    }

    /** Makes the identity of a model of which no version is said. */
    public ModelIdentity(String name, String digest, String engine, String device) {
        this(name, "", digest, engine, device);
    }

    /** Returns the identity of a part of this model, such as {@code head of encoder}. */
    public ModelIdentity part(String part) {
        return new ModelIdentity(name + " (" + part + ")", version, digest, engine, device, loaded);
    }

    /** Returns the identity of a copy of this model of which something more was asked, such as backward {@code rules}. */
    public ModelIdentity with(String what, String value) {
        Map<String, String> asked = new LinkedHashMap<>(loaded);
        asked.put(what, value);
        return new ModelIdentity(name, version, digest, engine, device, asked);
    }

    /**
     * Returns whether nothing tells this model from another one of its name: there is neither a version nor a digest.
     */
    public boolean isVague() {
        return version.isEmpty() && digest.isEmpty();
    }
}
