// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.setting.Sources;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * One setting of a method, as text and as value.
 *
 * @param name as {@code --set name=value} and as the method's own {@code settings()} call it
 * @param type what values look like
 * @param defaultText the default as text, or null if the setting has to be given
 * @param meaning one line
 * @param parser text to value
 * @param <T> type of the value
 */
public record Setting<T>(String name, String type, @Nullable String defaultText, String meaning, Parser<T> parser) {
    /** Reads a value. */
    interface Parser<T> {
        T parse(String text, Sources sources) throws IOException;
    }

    public boolean isRequired() {
        return defaultText == null;
    }

    /** Returns the value that a text says. */
    T value(@Nullable String given, Sources sources) {
        String text = given != null ? given : defaultText;
        if (text == null) {
            throw new IllegalArgumentException(
                    "setting '" + name + "' is needed (" + type + ": " + meaning + "); give --set " + name + "=...");
        }
        try {
            return parser.parse(text, sources);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("setting " + name + "=" + text + ": must be " + type, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("setting " + name + "=" + text + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("setting " + name + "=" + text + ": " + Failure.reason(e), e);
        }
    }
}
