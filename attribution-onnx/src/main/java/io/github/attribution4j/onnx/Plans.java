// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.onnx.EditedGraph.Spot;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Weaver.Ways;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.rule.Compared;
import io.github.attribution4j.onnx.internal.rule.Operations;
import io.github.attribution4j.onnx.internal.rule.RuledWays;
import io.github.attribution4j.onnx.internal.session.TypeOracle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What questions come to in the graph. All that does not depend on the tensors of a question is computed once: its
 * {@link Plan}.
 */
final class Plans {
    /** More plans than sessions are kept, because they are small. */
    private static final int MOST = 128;

    private final Graph graph;
    /** The graph with the file's own operators, in which nothing inside can be asked for. */
    private final Graph joined;

    private final OnnxAddresses addresses;
    private final String output;
    /** The output, if it has to be seen in another form; null if it is taken as it is. */
    private final @Nullable Spot whole;
    /** The inputs whose number of axes the file does not say, so that the caller does. */
    private final List<String> unranked;

    private final TypeOracle oracle;
    private final Supplier<TypeOracle> another;
    /** The rules that a way back follows; null for derivatives. */
    private final @Nullable RuleSet rules;

    private final @Nullable Operations operations;
    private final Map<List<Integer>, TypeOracle> oracles;
    private final Map<Key, Plan> plans = new ConcurrentHashMap<>();
    /** How often oracles learned more. Plans that were made before and after need separate sessions. */
    private final AtomicInteger learned;

    /**
     * A question.
     *
     * @param names for each argument of the question the input that it is
     * @param parameters the constants that get gradients, instead of inputs; empty if inputs or tapped values do
     */
    record Asked(Question question, List<String> names, List<String> parameters) {}

    /**
     * What two questions with the same plan have in common: everything except the tensors.
     *
     * @param replaced the values that are given
     * @param tapped the values that are returned
     * @param end the value that is returned if none is tapped, and that a way back starts from; null for the output
     * @param leaves which inputs or parameters get gradients, and the order in which inputs are given; empty if tapped
     *     values do
     * @param compared which inputs and replacements have references, counted as the question has them
     * @param ranks the numbers of axes that the file does not say: of inputs, and of values on the way once inputs
     *     came that have others than the first ones
     */
    private record Key(
            List<Spot> replaced,
            List<Spot> tapped,
            @Nullable Spot end,
            boolean back,
            List<Object> leaves,
            List<Integer> compared,
            List<Integer> ranks) {
        List<Spot> spots() {
            return Stream.of(replaced.stream(), tapped.stream(), Stream.ofNullable(end))
                    .flatMap(each -> each)
                    .toList();
        }

        Key with(List<Integer> more) {
            List<Integer> all = Stream.concat(ranks.stream(), more.stream()).toList();
            return new Key(replaced, tapped, end, back, leaves, compared, all);
        }
    }

    /**
     * What runs equal questions.
     *
     * @param key of the session that runs forward
     * @param replaced the names of the inputs that take the replacements
     * @param wanted the values that are returned
     * @param graph runs forward; it has no outputs if all wanted values are given
     * @param back the way back; null for a forward run
     */
    record Plan(
            Object key,
            List<String> replaced,
            List<String> wanted,
            Graph graph,
            @Nullable Back back) {}

    /**
     * The way back.
     *
     * @param key of the session that runs back
     * @param end the value that it starts from
     * @param leaves the values that get gradients
     * @param reached for each leaf whether the end depends on it
     * @param sizes values of the forward graph that list the sizes of others, whose number of axes the inputs decide
     * @param ranks for each of these the number of axes that the way back is made for
     * @param reference the value at the start in the run of the references; null without references
     */
    record Back(
            Object key,
            Woven woven,
            String end,
            List<String> leaves,
            List<Boolean> reached,
            List<String> sizes,
            List<Integer> ranks,
            @Nullable String reference) {}

    /**
     * Creates plans for a graph.
     *
     * @param file whose graph it is
     * @param output the explained output
     * @param whole the form in which it is seen; null if it is taken as it is
     * @param oracle knows the types of the graph's values
     * @param another makes an oracle for other numbers of axes
     */
    Plans(
            OnnxFile file,
            OnnxAddresses addresses,
            String output,
            @Nullable Spot whole,
            TypeOracle oracle,
            Supplier<TypeOracle> another) {
        this.graph = file.graph();
        this.joined = file.joined();
        this.addresses = addresses;
        this.output = output;
        this.whole = whole;
        this.oracle = oracle;
        this.another = another;
        this.rules = null;
        this.operations = null;
        this.oracles = new ConcurrentHashMap<>();
        this.learned = new AtomicInteger();
        this.unranked = graph.inputs().stream()
                .filter(input -> !Objects.requireNonNull(input.type()).ranked())
                .map(ValueInfo::name)
                .toList();
    }

    private Plans(Plans plain, RuleSet rules, Operations operations) {
        this.graph = plain.graph;
        this.joined = plain.joined;
        this.addresses = plain.addresses;
        this.output = plain.output;
        this.whole = plain.whole;
        this.oracle = plain.oracle;
        this.another = plain.another;
        this.unranked = plain.unranked;
        this.operations = operations;
        this.oracles = plain.oracles;
        this.learned = plain.learned;
        this.rules = rules;
    }

    /**
     * Returns plans whose ways back follow rules.
     *
     * @param operations those of the model
     * @throws UnsupportedModelException if operations cannot follow theirs
     */
    Plans with(RuleSet followed, Operations operations) {
        RuledWays.check(followed, operations.all());
        return new Plans(this, followed, operations);
    }

    /**
     * Returns the plan of a question.
     *
     * @param back whether gradients are wanted
     * @param given the arguments
     */
    Plan of(Asked asked, boolean back, Map<String, OnnxTensor> given) {
        Key key = key(asked, back, given);
        Plan known = plans.get(key);
        return known == null ? keep(key, make(key, asked, given)) : known;
    }

    /**
     * Returns a better plan for a question with a way back. Its inputs take a branch of which too little was known when
     * the plan was made, because the first inputs took another one.
     *
     * @param refused the plan that no gradient passes with these inputs
     * @return null if these inputs do not tell more
     */
    @Nullable
    Plan better(Plan refused, Asked asked, Map<String, OnnxTensor> given) {
        Key key = key(asked, true, given);
        Plan known = plans.get(key);
        if (known != null && !known.key().equals(refused.key())) {
            return known; // another thread has learned
        }
        return learn(knowing(key), given) ? keep(key, make(key, asked, given)) : null;
    }

    /**
     * Returns the plan of a question with a way back for inputs with which values on the way have other numbers of axes
     * than with those that the plan was made for. It takes the place of that plan.
     *
     * @param found these numbers, for each of {@link Back#sizes}
     */
    Plan other(List<Integer> found, Asked asked, Map<String, OnnxTensor> given) {
        Key usual = key(asked, true, given);
        Key key = usual.with(found);
        Plan known = plans.get(key);
        Plan plan = known == null ? keep(key, make(key, asked, given)) : known;
        return keep(usual, plan);
    }

    private Key key(Asked asked, boolean back, Map<String, OnnxTensor> given) {
        Question question = asked.question();
        List<Spot> tapped = spots(question.tapped());
        Spot end = question.end() != null
                ? spot(question.end())
                : question.tapped().isEmpty() || back ? whole : null;
        List<Object> leaves = back && tapped.isEmpty() ? attributed(asked) : List.of();
        List<Integer> compared = back ? compared(question) : List.of();
        return new Key(spots(question.replaced()), tapped, end, back, leaves, compared, ranks(given));
    }

    /** The inputs that have references, as the question counts them: replacements first. */
    static List<Integer> compared(Question question) {
        List<Inputs.Input> inputs = question.inputs().withoutReferences().all();
        return IntStream.range(0, inputs.size())
                .filter(i -> question.inputs().hasReference(inputs.get(i).name()))
                .boxed()
                .toList();
    }

    private Plan keep(Key key, Plan plan) {
        if (plans.size() >= MOST) {
            plans.clear();
        }
        plans.put(key, plan);
        return plan;
    }

    private TypeOracle knowing(Key key) {
        return key.ranks().isEmpty() ? oracle : oracles.computeIfAbsent(key.ranks(), ranks -> another.get());
    }

    private boolean learn(TypeOracle knowing, Map<String, OnnxTensor> given) {
        boolean more = knowing.learn(given);
        if (more) {
            learned.incrementAndGet();
        }
        return more;
    }

    private List<Spot> spots(List<Place> places) {
        return places.isEmpty() ? List.of() : places.stream().map(this::spot).toList();
    }

    private Spot spot(Place place) {
        OnnxAddresses.Value value = addresses.value(place.point());
        return new Spot(value.name(), value.argument(), place.form());
    }

    private static List<Object> attributed(Asked asked) {
        List<Object> attributed = new ArrayList<>(asked.names());
        if (!asked.parameters().isEmpty()) {
            attributed.add(asked.parameters());
            return attributed;
        }
        List<Inputs.Input> inputs = asked.question().inputs().all();
        for (int i = 0; i < inputs.size(); i++) {
            if (asked.question().isLeaf(inputs.get(i))) {
                attributed.add(i);
            }
        }
        return attributed;
    }

    private List<Integer> ranks(Map<String, OnnxTensor> given) {
        return unranked.isEmpty()
                ? List.of()
                : unranked.stream()
                        .map(name -> Objects.requireNonNull(given.get(name), name)
                                .getInfo()
                                .getShape()
                                .length)
                        .toList();
    }

    private Plan make(Key key, Asked asked, Map<String, OnnxTensor> given) {
        TypeOracle knowing = knowing(key);
        try {
            return make(key, asked, knowing, given);
        } catch (UnsupportedModelException e) {
            if (!learn(knowing, given)) {
                throw e;
            }
            return make(key, asked, knowing, given);
        }
    }

    private Plan make(Key key, Asked asked, TypeOracle knowing, Map<String, OnnxTensor> given) {
        Map<String, ValueType> types = knowing.types(given);
        int times = learned.get();
        Object session = List.of(key, times, rules == null ? "" : rules);
        boolean outside = rules == null && !key.back() && key.spots().stream().allMatch(spot -> spot.equals(whole));
        EditedGraph edited = new EditedGraph(outside ? joined : graph, types, key.spots(), key.replaced(), key.back());
        List<String> replaced = key.replaced().stream().map(edited::seen).toList();
        List<String> tapped = key.tapped().stream().map(edited::seen).toList();
        String end = key.end() == null ? output : edited.seen(key.end());
        if (key.back()) {
            List<String> leaves = tapped.isEmpty() ? leaves(asked, replaced) : tapped;
            Map<String, String> watched = edited.watch(knowing.varying(), end);
            Compared compared = compared(edited, key, asked, replaced);
            Woven woven = weave(compared, edited, leaves, end);
            String reference = compared.references().get(end);
            List<Boolean> reached =
                    leaves.stream().map(woven.gradients()::containsKey).toList();
            List<String> sizes = List.copyOf(watched.values());
            List<Integer> ranks = watched.keySet().stream()
                    .map(value -> Objects.requireNonNull(types.get(value)).rank())
                    .toList();
            Back back = new Back(List.of(session, "back"), woven, end, leaves, reached, sizes, ranks, reference);
            List<String> also = Stream.of(tapped.stream(), sizes.stream(), Stream.ofNullable(reference))
                    .flatMap(each -> each)
                    .toList();
            return new Plan(session, replaced, tapped, woven.forward(also), back);
        }
        List<String> wanted = tapped.isEmpty() ? List.of(end) : tapped;
        Set<String> inputs = new HashSet<>();
        edited.graph().inputs().forEach(input -> inputs.add(input.name()));
        List<String> computed = wanted.stream()
                .distinct()
                .filter(value -> !inputs.contains(value))
                .toList();
        return new Plan(session, replaced, wanted, edited.graph().giving(computed), null);
    }

    /** The graph with a second run on references, if there are any. */
    private static Compared compared(EditedGraph edited, Key key, Asked asked, List<String> replaced) {
        if (key.compared().isEmpty()) {
            return new Compared(edited.graph(), edited.types(), Map.of());
        }
        Map<String, String> given = new HashMap<>();
        for (int i : key.compared()) {
            String value = i < replaced.size() ? replaced.get(i) : asked.names().get(i - replaced.size());
            given.put(value, Compared.name(value));
        }
        Map<String, String> computed = new HashMap<>();
        for (int i = 0; i < replaced.size(); i++) {
            if (!key.compared().contains(i)) {
                // What is replaced in the run is computed in the run of the references.
                String value = key.replaced().get(i).value();
                computed.put(edited.computed(value), value);
            }
        }
        return Compared.of(edited.graph(), edited.types(), given, computed);
    }

    private Woven weave(Compared compared, EditedGraph edited, List<String> leaves, String end) {
        try {
            return Weaver.weave(
                    compared.graph(),
                    compared.types(),
                    leaves,
                    end,
                    (seen, types) -> ways(seen, types, compared.references(), edited, leaves, end));
        } catch (FormatException e) { // in what nobody but a rule reads of a node
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What each node does on the way back. */
    private Ways ways(
            Graph seen,
            Map<String, ValueType> types,
            Map<String, String> references,
            EditedGraph edited,
            List<String> leaves,
            String end) {
        if (rules == null || operations == null) {
            return Ways.DERIVATIVES;
        }
        List<String> exposed = Stream.concat(leaves.stream(), Stream.of(end)).toList();
        return new RuledWays(rules, operations, seen, types, edited::original, exposed, references);
    }

    /** The attributed inputs, or the parameters. */
    private static List<String> leaves(Asked asked, List<String> replaced) {
        if (!asked.parameters().isEmpty()) {
            return asked.parameters();
        }
        Question question = asked.question();
        List<String> leaves = new ArrayList<>();
        List<Inputs.Input> inputs = question.inputs().withoutReferences().all();
        for (int i = 0; i < inputs.size(); i++) {
            if (question.isLeaf(inputs.get(i))) {
                leaves.add(i < replaced.size() ? replaced.get(i) : asked.names().get(i - replaced.size()));
            }
        }
        return leaves;
    }
}
