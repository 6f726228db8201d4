// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Resources;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The library of one family of backward rules: TorchScript text, and the choice of operations that are redirected to
 * it.
 *
 * <p>The text holds attributes of the tape, then methods of the tape, both indented by two spaces, then functions.
 * Words in it are replaced: {@code TAPE} by the tape's type, {@code RUNTIME} by the file, whose functions are called as
 * {@code RUNTIME.f(x, )}, {@code Rule.STOP} and the like by numbers ({@link RuleCode}), and {@code PARTS} by the
 * methods of {@code parts.py}: recurrent layers step by step, cosine similarity, and others that are made of simpler
 * ones. The method {@code prepare(self)} is called before each run. {@link RuledTape} tells what a text can build on.
 */
public abstract sealed class RuleSource permits GuidedSource, ComparisonSource, RelevanceSource {
    /** The operation stays as it is, and so does its derivative. */
    public static final String UNCHANGED = "";

    /** There is no rule: the operation refuses if a gradient would have to pass it. */
    public static final String UNKNOWN = "unknown";

    private static final Pattern METHOD = Pattern.compile("(?m)^  def (\\w+)\\(self: ");

    private static final Map<BackwardRule.Family, RuleSource> KNOWN = new ConcurrentHashMap<>();

    private final BackwardRule.Family family;
    private final String text;
    private final Set<String> methods;

    RuleSource(BackwardRule.Family family, String text) {
        this.family = family;
        // Operations that are made of others have the same parts in all families.
        this.text = RuleCode.filled(text.replace("PARTS", resource("parts.py")));
        this.methods =
                METHOD.matcher(this.text).results().map(found -> found.group(1)).collect(Collectors.toSet());
    }

    public static RuleSource of(BackwardRule.Family family) {
        return KNOWN.computeIfAbsent(family, key -> switch (key) {
            case COMPARISON -> new ComparisonSource();
            case RELEVANCE -> new RelevanceSource();
            // Plain derivatives everywhere: any library would do, and this one redirects least.
            case GUIDED, ANY -> new GuidedSource();
        });
    }

    /** Reads a text that lies beside this class. */
    static String resource(String name) {
        return Resources.text(RuleSource.class, name);
    }

    final BackwardRule.Family family() {
        return family;
    }

    final String text() {
        return text;
    }

    /**
     * Returns whether the text has a method. Operators are redirected to those methods of {@code CanonicalCall} that
     * exist.
     */
    public final boolean has(String method) {
        return methods.contains(method);
    }

    /**
     * Returns what happens to an operation that no dedicated method takes: {@link #UNCHANGED}, {@link #UNKNOWN}, or the
     * name of a method {@code (self, p, k, y: Tensor) -> Tensor} that gets its result.
     *
     * @param kind not RESHAPE
     * @param operator the operator, without namespace and without the underscore of writing in place
     */
    public abstract String generic(Operation.Kind kind, String operator, Expr.Call call);

    /** Returns whether the operands of such an operation are shown to {@code before} first. */
    public boolean showsOperands(String method) {
        return true;
    }

    /**
     * Returns whether a run leaves out calls whose result is replaced. Runs that are compared must all take the same
     * way, so they do not.
     */
    public boolean skips() {
        return true;
    }

    /** Returns the numbers of a rule in the text; null if the rule is not of this family. */
    abstract double @Nullable [] numbers(BackwardRule rule);

    /** Returns why a rule cannot be applied to an operation; null if it can. */
    abstract @Nullable String objection(BackwardRule rule, Operation operation);

    /** Returns whether "treat all others as gradient" covers an operation; if not, a rule must name it. */
    boolean derivative(Operation operation) {
        return true;
    }

    /** Returns the meaning of a code with which the text refuses; null for codes that all texts share. */
    @Nullable
    String meaning(String code) {
        return null;
    }
}
