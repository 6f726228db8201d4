// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts together the tape of a copy that follows backward rules: the tape of {@code TapeSource}, what all families of
 * rules share, and the library of one family.
 *
 * <h2>What a library builds on</h2>
 *
 * <pre>
 * self.mode                      0: the reply holds memory and marks; 1: they came with the request
 * self.memory, self.marks        tensors kept from run to run, and a number for each
 * self.rule(p, k) -> int         the rule of a place: -1 none, 0 the derivative, 1... in the order of the rule set
 * self.numbers(r) -> List[float] the numbers of rule r
 * self.push(k, x), self.take(k)  keeps operands of a place; returns them in order and forgets them
 * self.refuse(code, p, k)        ends the run; the message names the operation
 * </pre>
 *
 * <p>{@code held}, {@code stored}, {@code unknown}, {@code hidden} and {@code recurrent} exist unless the library
 * defines its own; {@code prepare(self)} and {@code before(self, p, k, x)} are the library's.
 *
 * <p>The request of such a copy holds three tensors between the control and the inputs: a table (int64), numbers
 * (float64) and the memory. The table is {@code [mode, places, rules, exceptions, memory, usual[places], bounds[rules +
 * 1], (module * places + place, rule)[exceptions], marks[memory]]}. The reply ends with the memory and an int64 vector:
 * the number of marks, then the marks.
 */
public final class RuledTape {
    private static final Pattern METHOD = Pattern.compile("(?m)^  (def (\\w+)\\(self: )TAPE(.*) -> (.*):$");
    private static final Set<String> COMMON =
            Set.of("held", "stored", "unknown", "unknown_list", "hidden", "recurrent", "recurrent_list", "before");

    private final String attributes;
    private final String methods;
    private final String functions;
    private final String port;

    private RuledTape(String attributes, String methods, String functions, String port) {
        this.attributes = attributes;
        this.methods = methods;
        this.functions = functions;
        this.port = port;
    }

    public static RuledTape of(RuleSource source, Set<String> called) {
        String[] common = parts(RuleSource.resource("tape.py"));
        String[] own = parts(source.text());
        String methods = commonMethods(common[1], own[1]) + own[1];
        Set<String> offered = new LinkedHashSet<>(called);
        offered.addAll(COMMON);
        StringBuilder port = new StringBuilder();
        Matcher method = METHOD.matcher(methods);
        while (method.find()) {
            if (offered.contains(method.group(2))) {
                port.append("  ").append(method.group(1)).append("PORT");
                port.append(method.group(3))
                        .append(" -> ")
                        .append(method.group(4))
                        .append(":\n    pass\n");
            }
        }
        return new RuledTape(common[0] + own[0], methods, common[2] + own[2], port.toString());
    }

    /** Returns the common methods that the library does not define itself. */
    private static String commonMethods(String common, String own) {
        StringBuilder rest = new StringBuilder();
        for (String method : common.split("(?m)^(?=  def )", -1)) {
            Matcher header = METHOD.matcher(method);
            if (!header.find() || !own.contains("  " + header.group(1))) {
                rest.append(method);
            }
        }
        return rest.toString();
    }

    /** Returns attributes, methods and functions. */
    private static String[] parts(String text) {
        int methods = text.indexOf("  def ");
        int functions = text.indexOf("\ndef ") + 1;
        int end = functions == 0 ? text.length() : functions;
        return new String[] {text.substring(0, methods), text.substring(methods, end), text.substring(end)};
    }

    public String attributes() {
        return attributes;
    }

    public String methods() {
        return methods;
    }

    public String functions() {
        return functions;
    }

    public String port() {
        return port;
    }
}
