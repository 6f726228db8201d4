// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Inputs.Input;
import io.github.attribution4j.model.Inputs.Role;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A name and the examples that show it: striped images, rows of customers who moved, texts in the passive voice.
 * Immutable.
 *
 * <p>Examples are read when they are needed, some at a time, so that a concept may be a folder of images that does not
 * fit in memory:
 *
 * <pre>{@code
 * Concept striped = Concept.of("striped", files, file -> Inputs.of(read(file)));
 * }</pre>
 *
 * <p>Their order has no influence. Two concepts that are told from each other need about as many examples each: fifty
 * to some hundreds.
 */
public final class Concept {
    /** The fewest examples that can be divided into some to learn from and some to test with. */
    static final int FEWEST = 4;

    private static final long PURPOSE = 0xC04C;

    private final String name;
    private final Function<int[], Inputs> reader;
    private final int[] items;

    private Concept(String name, Function<int[], Inputs> reader, int... items) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("concept: its name is blank; say what its examples show");
        }
        if (items.length == 0) {
            throw new IllegalArgumentException("concept '" + name + "': has no examples; give some tens");
        }
        this.name = name;
        this.reader = reader;
        this.items = items;
    }

    /**
     * Returns a concept shown by rows.
     *
     * @param rows examples for the model, one each row; neither changed nor closed, and open while the concept is used
     */
    public static Concept of(String name, Inputs rows) {
        return new Concept(name, numbers -> rows.select(longs(numbers)), numbers(Math.toIntExact(rows.rows())));
    }

    /**
     * Returns a concept whose examples are read one by one, each time that they are needed.
     *
     * @param items what examples are read from, such as files or texts
     * @param reader the inputs of an item, mostly one row; what it throws ends the request. Tensors that it makes are
     *     closed after their use
     */
    public static <T> Concept of(String name, List<T> items, Function<? super T, Inputs> reader) {
        List<T> all = List.copyOf(items);
        return new Concept(
                name,
                numbers -> joined(
                        name,
                        Arrays.stream(numbers)
                                .mapToObj(number -> reader.apply(all.get(number)))
                                .toList()),
                numbers(all.size()));
    }

    /**
     * Divides the examples at random into concepts of one size: a pool of any examples becomes the random concepts that
     * a concept is {@linkplain Concepts#against(List) compared with}. No example is in two of them.
     *
     * @param sets how many; 20 are a good number, 10 the least that finds much
     * @param seed of the division
     * @return concepts named {@code NAME 1}, {@code NAME 2}, ...
     */
    public List<Concept> split(int sets, long seed) {
        int size = sets < 1 ? 0 : items.length / sets;
        if (size < FEWEST) {
            throw new IllegalArgumentException("concept '" + name + "': its " + items.length
                    + " examples cannot be divided into " + sets + " sets of at least " + FEWEST
                    + "; give more examples, or fewer sets");
        }
        int[] order = RandomStream.permutation(RandomStream.of(seed, PURPOSE), items.length);
        return IntStream.range(0, sets)
                .mapToObj(set -> new Concept(
                        name + " " + (set + 1),
                        reader,
                        IntStream.range(set * size, (set + 1) * size)
                                .map(i -> items[order[i]])
                                .toArray()))
                .toList();
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns the number of items: of examples, if the reader makes one row of each. */
    public int size() {
        return items.length;
    }

    /** Reads some of the items, owned by the current scope. */
    Inputs read(int from, int to) {
        return reader.apply(Arrays.copyOfRange(items, from, to));
    }

    private static int[] numbers(int count) {
        return IntStream.range(0, count).toArray();
    }

    private static long[] longs(int... numbers) {
        return Arrays.stream(numbers).asLongStream().toArray();
    }

    private static Inputs joined(String name, List<Inputs> parts) {
        Inputs first = parts.get(0);
        if (parts.size() == 1) {
            return first;
        }
        Inputs all = Inputs.none();
        for (int i = 0; i < first.size(); i++) {
            Input input = first.all().get(i);
            List<Tensor> tensors = new ArrayList<>();
            for (Inputs part : parts) {
                Tensor tensor = part.size() == first.size() ? part.tensor(i) : null;
                if (tensor == null || !fits(tensor, input)) {
                    throw new IllegalArgumentException("concept '" + name + "': examples differ: one is " + first
                            + ", and another " + part + "; bring all to one type and shape");
                }
                tensors.add(tensor);
            }
            Tensor joined = input.role() == Role.CONSTANT
                    ? tensors.get(0)
                    : input.rowAxis() == 0
                            ? Collected.join(tensors)
                            : input.tensor().tensors().concat(tensors, input.rowAxis());
            all = all.with(new Input(input.name(), joined, input.role(), input.features(), input.rowAxis()));
        }
        return first.allowsMissing() ? all.allowMissing() : all;
    }

    private static boolean fits(Tensor tensor, Input input) {
        Tensor other = input.tensor();
        boolean sized = tensor.dataType() == other.dataType()
                && tensor.shape().rank() == other.shape().rank();
        for (int axis = 0; sized && axis < tensor.shape().rank(); axis++) {
            sized = (axis == input.rowAxis() && input.role() != Role.CONSTANT)
                    || tensor.shape().dim(axis) == other.shape().dim(axis);
        }
        return sized;
    }

    /** Returns name and number of items. */
    @Override
    public String toString() {
        return name + " (" + items.length + " examples)";
    }
}
