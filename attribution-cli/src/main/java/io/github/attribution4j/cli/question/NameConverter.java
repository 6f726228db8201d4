// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NameList;
import picocli.CommandLine.ITypeConverter;

/** Reads one name of an option that takes a {@linkplain NameList list of names}, split at {@link #SPLIT}. */
public final class NameConverter implements ITypeConverter<String> {
    /** A comma that belongs to no name: an even number of backslashes is before it. */
    public static final String SPLIT = "(?<=(?<!\\\\)(?:\\\\\\\\){0,9}),";

    @Override
    public String convert(String name) {
        return NameList.readOne(name);
    }
}
