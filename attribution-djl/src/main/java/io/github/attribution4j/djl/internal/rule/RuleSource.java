// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Resources;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.OperationKind;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The library of one family of backward rules: TorchScript text, and what of a program is redirected to it.
 *
 * <p>The text holds attributes of the tape, then methods of the tape, both indented by two spaces, then functions. {@code TAPE} stands for the tape's type and {@code RUNTIME} for the file, whose
 * functions are called as {@code RUNTIME.f(x, )}, {@code Rule.STOP} and the like for numbers ({@link RuleCode}), and {@code PARTS} for the methods of {@code parts.py}: recurrent layers step by step, cosine similarity, and others that are made of simpler ones. Of the methods {@code prepare(self)} is called before each run. {@link RuledTape} says what there is to build on.
 */
public abstract sealed class RuleSource permits GuidedSource, ComparisonSource, RelevanceSource {
    /** The operation stays as it is, and so does its derivative. */
    public static final String LEFT = "";

    /** There is no rule: the operation refuses where a gradient would have to pass. */
    public static final String UNKNOWN = "unknown";

    private static final Pattern METHOD = Pattern.compile("(?m)^  def (\\w+)\\(self: ");

    private static final Map<BackwardRule.Family, RuleSource> KNOWN = new ConcurrentHashMap<>();

    private final BackwardRule.Family family;
    private final String text;
    private final Set<String> methods;

    RuleSource(BackwardRule.Family family, String text) {
        this.family = family;
        // Operations that are made of others are made of the same in all families.
        this.text = RuleCode.filled(text.replace("PARTS", resource("parts.py")));
        this.methods =
                METHOD.matcher(this.text).results().map(found -> found.group(1)).collect(Collectors.toSet());
    }

    public static RuleSource of(BackwardRule.Family family) {
        return KNOWN.computeIfAbsent(family, key -> switch (key) {
            case COMPARISON -> new ComparisonSource();
            case RELEVANCE -> new RelevanceSource();
            // Plain derivatives everywhere: any library will do, and this one redirects least.
            case GUIDED, ANY -> new GuidedSource();
        });
    }

    /** Reads a text that stands beside this class. */
    static String resource(String name) {
        return Resources.text(RuleSource.class, name);
    }

    final BackwardRule.Family family() {
        return family;
    }

    final String text() {
        return text;
    }

    /** Whether the text has a method: operators are redirected to those of {@code CanonicalCall} that it has. */
    public final boolean has(String method) {
        return methods.contains(method);
    }

    /**
     * What becomes of an operation that no dedicated method takes: {@link #LEFT}, {@link #UNKNOWN}, or the name of a method {@code (self, p, k, y: Tensor) -> Tensor} that finishes it.
     *
     * @param kind not RESHAPE
     * @param operator without namespace and without the mark of writing in place
     */
    public abstract String generic(OperationKind kind, String operator, Expr.Call call);

    /** Whether the operands of what a method finishes are shown to {@code before} first. */
    public boolean showsOperands(String method) {
        return true;
    }

    /** Whether calls whose result is replaced are left out of a run. Where runs are compared all of them must take the same way. */
    public boolean skips() {
        return true;
    }

    /** The numbers by which the text knows a rule; null if the rule is not for this family. */
    abstract double @Nullable [] numbers(BackwardRule rule);

    /** Why a rule cannot be carried out at an operation; null if it can. */
    abstract @Nullable String objection(BackwardRule rule, Operation operation);

    /** Whether "treat as gradient" for all others goes for an operation too; if not, it must be meant by name. */
    boolean derivative(Operation operation) {
        return true;
    }

    /** What a refusal of the text means, for codes of its own; null for others. */
    @Nullable
    String meaning(String code) {
        return null;
    }
}
