// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An amount of memory.
 *
 * @param bytes at least 1
 */
public record MemorySize(long bytes) {
    private static final Pattern TEXT = Pattern.compile("(\\d+)\\s*(b|kib|kb|k|mib|mb|m|gib|gb|g)?");
    private static final Map<Character, Integer> POWERS = Map.of('k', 1, 'm', 2, 'g', 3);

    public static MemorySize parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is not a size; write 512MiB, 2GiB, 1000000");
        }
        String unit = matcher.group(2) == null ? "b" : matcher.group(2);
        long step = unit.endsWith("b") && !unit.endsWith("ib") ? 1000 : 1024;
        long factor = 1;
        for (int i = 0; i < POWERS.getOrDefault(unit.charAt(0), 0); i++) {
            factor *= step;
        }
        try {
            return new MemorySize(Math.multiplyExact(Long.parseLong(matcher.group(1)), factor));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is too large");
        }
    }

    /** For the parser. */
    static final class Converter implements ITypeConverter<MemorySize> {
        @Override
        public MemorySize convert(String text) {
            return parse(text);
        }
    }
}
