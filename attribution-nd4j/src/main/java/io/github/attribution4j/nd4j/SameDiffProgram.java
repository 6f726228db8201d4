// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.HeldPullback;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.nd4j.internal.Derivatives;
import io.github.attribution4j.nd4j.internal.Forms;
import io.github.attribution4j.nd4j.internal.Graph;
import io.github.attribution4j.nd4j.internal.Runners;
import io.github.attribution4j.nd4j.internal.Step;
import io.github.attribution4j.nd4j.internal.Values;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs questions on a SameDiff graph, operation by operation. */
final class SameDiffProgram implements Program, AutoCloseable {
    private final Graph graph;
    private final SameDiffSignature signature;
    private final SameDiffAddresses addresses;
    private final Derivatives derivatives;
    private final Runners runners = new Runners();
    /** Taken to read by runs, and to write by the end of the model, which frees weights. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private boolean closed;

    SameDiffProgram(Graph graph, SameDiffSignature signature) {
        this.graph = graph;
        this.signature = signature;
        this.addresses = new SameDiffAddresses(graph, signature);
        this.derivatives = new Derivatives(graph, signature.steps());
    }

    SameDiffSignature signature() {
        return signature;
    }

    SameDiffAddresses addresses() {
        return addresses;
    }

    /** Runs while the model is open. */
    private <T> T open(Supplier<T> run) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("this model was closed");
            }
            return run.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    void requireOpen() {
        open(() -> true);
    }

    @Override
    public void check(Cut.Point point) {
        requireOpen();
        addresses.value(point);
    }

    @Override
    public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs) {
        requireOpen();
        String from = addresses.value(source);
        Set<String> computed = Graph.computedFrom(List.of(from), signature.steps(), value -> true);
        Set<Cut.Point> found = new LinkedHashSet<>();
        for (Cut.Point point : points) {
            String value = addresses.value(point);
            if (computed.contains(value) && !point.equals(source)) {
                found.add(point);
            }
        }
        return found;
    }

    private List<String> names(List<Place> places) {
        return places.stream().map(place -> addresses.value(place.point())).toList();
    }

    /** The arrays of a question, by the names of their values; a replacement of an input hides the input. */
    private Values given(Question question) {
        List<String> names = signature.bound(question);
        Map<String, INDArray> given = new LinkedHashMap<>();
        List<Inputs.Input> arguments = question.arguments();
        for (int i = 0; i < names.size(); i++) {
            given.put(names.get(i), Nd4jTensors.toArray(arguments.get(i).tensor()));
        }
        List<String> replaced = names(question.replaced());
        for (int i = 0; i < replaced.size(); i++) {
            INDArray array = Nd4jTensors.toArray(question.replacement(i));
            INDArray seen = Forms.unview(question.replaced().get(i).form(), array);
            if (seen != array) {
                array.close();
            }
            given.put(replaced.get(i), seen);
        }
        return new Values(graph, given);
    }

    private static Tensor tensor(Place place, INDArray value) {
        INDArray seen = Forms.view(place.form(), value);
        try {
            return Nd4jTensors.of(seen);
        } finally {
            if (seen != value) {
                seen.close();
            }
        }
    }

    @Override
    public List<Tensor> forward(Question question) {
        return open(() -> {
            List<String> wanted = question.tapped().isEmpty() ? List.of(signature.output()) : names(question.tapped());
            try (Values values = given(question)) {
                values.compute(graph.before(wanted, values::has), runners, Set.copyOf(wanted));
                if (question.tapped().isEmpty()) {
                    return List.of(Nd4jTensors.of(values.get(signature.output())));
                }
                List<Tensor> tensors = new ArrayList<>();
                for (int i = 0; i < wanted.size(); i++) {
                    tensors.add(tensor(question.tapped().get(i), values.get(wanted.get(i))));
                }
                return tensors;
            }
        });
    }

    @Override
    public Pullback pullback(Question question) {
        return open(() -> {
            question.inputs().requireNoReferences();
            Values values = given(question);
            boolean complete = false;
            try {
                Pullback back = new Run(question, values).pullback();
                complete = true;
                return back;
            } finally {
                if (!complete) {
                    values.close();
                }
            }
        });
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            graph.close();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** One run that can go back. */
    private final class Run {
        private final Question question;
        private final Values values;
        private final String end;
        private final List<String> tapped;
        private final List<String> leaves;
        private final List<Step> steps;
        /** Values that something comes back to. */
        private final Set<String> way;

        Run(Question question, Values values) {
            this.question = question;
            this.values = values;
            Place place = question.end();
            this.end = place == null ? signature.output() : addresses.value(place.point());
            this.tapped = names(question.tapped());
            this.leaves = tapped.isEmpty() ? attributed() : tapped;
            List<String> wanted = new ArrayList<>(tapped);
            wanted.add(end);
            this.steps = graph.before(wanted, values::has);
            this.way = way();
        }

        private List<String> attributed() {
            List<String> names = new ArrayList<>(names(question.replaced()));
            names.addAll(signature.bound(question));
            List<Inputs.Input> inputs = question.inputs().withoutReferences().all();
            List<String> leaves = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    leaves.add(names.get(i));
                }
            }
            return leaves;
        }

        /** The values that are computed from a leaf, with the leaves, and from which the end is computed. */
        private Set<String> way() {
            Set<String> forth = Graph.computedFrom(leaves, steps, graph::isFloating);
            Set<String> back = new HashSet<>(Set.of(end));
            Set<String> ends = Set.copyOf(leaves);
            for (int i = steps.size() - 1; i >= 0; i--) {
                Step step = steps.get(i);
                if (step.outputs().stream().anyMatch(output -> back.contains(output) && !ends.contains(output))) {
                    step.inputs().stream().filter(forth::contains).forEach(back::add);
                }
            }
            back.retainAll(forth);
            return back;
        }

        private void requireDerivatives() {
            Set<String> ends = Set.copyOf(leaves);
            Map<String, String> refused = new LinkedHashMap<>();
            for (Step step : steps) {
                boolean passed =
                        step.outputs().stream().anyMatch(output -> way.contains(output) && !ends.contains(output))
                                && step.inputs().stream().anyMatch(way::contains);
                String why = passed ? derivatives.refusal(step) : null;
                if (why != null) {
                    refused.putIfAbsent(step.kind(), step.described() + ": " + why);
                }
            }
            if (!refused.isEmpty()) {
                throw new UnsupportedModelException("no gradient passes "
                        + refused.values().stream().collect(Collectors.joining("; "))
                        + ". Choose a method that perturbs, or a layer behind it");
            }
        }

        Pullback pullback() {
            for (int i = 0; i < tapped.size(); i++) {
                if (!graph.isFloating(tapped.get(i))) {
                    throw new ModelException(
                            "layer '" + question.tapped().get(i).point() + "' holds integers");
                }
            }
            requireDerivatives();
            values.compute(steps, runners, null);
            Place place = question.end();
            Tensor output = place == null ? Nd4jTensors.of(values.get(end)) : tensor(place, values.get(end));
            List<Tensor> activations = new ArrayList<>();
            for (int i = 0; i < tapped.size(); i++) {
                activations.add(tensor(question.tapped().get(i), values.get(tapped.get(i))));
            }
            List<Boolean> reached = leaves.stream().map(way::contains).toList();
            return new HeldPullback(
                    question.pullback(reached, output, activations, this::back), Optional.empty(), null, values::close);
        }

        private List<Tensor> back(Tensor cotangent) {
            return open(() -> {
                Place place = question.end();
                INDArray given = Nd4jTensors.toArray(cotangent);
                INDArray sent = place == null ? given : Forms.unview(place.form(), given);
                Map<String, INDArray> came = new HashMap<>();
                try {
                    came.putAll(values.back(end, sent, steps, way, Set.copyOf(leaves), derivatives, runners));
                    List<Tensor> gradients = new ArrayList<>();
                    for (int i = 0; i < leaves.size(); i++) {
                        gradients.add(gradient(i, came.get(leaves.get(i))));
                    }
                    return gradients;
                } finally {
                    came.values().forEach(INDArray::close);
                    if (sent != given) {
                        sent.close();
                    }
                    given.close();
                }
            });
        }

        /** What arrives at a leaf in the form that is asked for; zeros where nothing does. */
        private Tensor gradient(int number, @Nullable INDArray came) {
            List<Place> places = tapped.isEmpty() ? question.replaced() : question.tapped();
            INDArray array =
                    came == null ? values.get(leaves.get(number)).like().assign(0) : came;
            try {
                boolean formed = leafPlaces().get(number) >= 0;
                return formed ? tensor(places.get(leafPlaces().get(number)), array) : Nd4jTensors.of(array);
            } finally {
                if (came == null) {
                    array.close();
                }
            }
        }

        /** For each leaf the position of its place among those tapped or replaced; -1 for an input of the model. */
        private List<Integer> leafPlaces() {
            List<Integer> places = new ArrayList<>();
            if (!tapped.isEmpty()) {
                for (int i = 0; i < tapped.size(); i++) {
                    places.add(i);
                }
                return places;
            }
            List<Inputs.Input> inputs = question.inputs().withoutReferences().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    places.add(i < question.replaced().size() ? i : -1);
                }
            }
            return places;
        }
    }
}
