// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The contents of the files: the inputs of the model, and how further files are read.
 *
 * @param inputs in argument order
 * @param file the input file
 * @param outputShape of the first example alone, {@code (1, ...)}
 * @param sources for baselines and masks
 * @param text the text from which the inputs were made, if there is one
 */
public record Request(Inputs inputs, InputFile file, Shape outputShape, Sources sources, Optional<TextInput> text) {
    /** Reads the files, and runs the model on the first example: the cheapest check that they fit. */
    public static Request read(InputOptions options, RuledModel model) throws IOException {
        InputFile.Reading reading = options.reading();
        if (options.text.given()) {
            return ofText(options, reading, model);
        }
        List<Request> fitting = new ArrayList<>();
        RuntimeException refusal = null;
        List<Boolean> forms = options.forms();
        for (boolean single : forms) {
            for (int channels : options.channelsToTry()) {
                try {
                    fitting.add(read(options, reading, channels, single, model));
                    break;
                } catch (ModelException e) {
                    refusal = refusal == null ? e : refusal;
                } catch (IllegalArgumentException e) {
                    // Arrays of one example may differ in their first extents.
                    if (forms.size() == 1) {
                        throw e;
                    }
                    refusal = refusal == null ? e : refusal;
                }
            }
        }
        if (fitting.size() > 1) {
            throw new IllegalArgumentException("--unbatched: the model runs on " + options.requiredInput()
                    + " as one example and on each part of its axis 0; say which is meant: --unbatched one, or"
                    + " --unbatched many");
        }
        if (fitting.isEmpty()) {
            if (refusal == null) {
                throw new IllegalStateException("no channels to try");
            }
            return ofIntegers(options, reading, model, refusal);
        }
        return fitting.get(0);
    }

    /** Reads a table as integers (categories, tokens), for a model that refused it as floating-point numbers. */
    private static Request ofIntegers(
            InputOptions options, InputFile.Reading reading, RuledModel model, RuntimeException refusal)
            throws IOException {
        boolean table =
                options.requiredInput().toString().toLowerCase(Locale.ROOT).endsWith(".csv");
        if (!table || reading.dataType().isPresent()) {
            throw hinted(options, refusal);
        }
        try {
            Request request = read(options, reading.as(DataType.INT64), 3, false, model);
            List<String> notes = new ArrayList<>(request.file().notes());
            notes.add(options.requiredInput() + ": holds integers, and the model wants such: read as int64");
            return new Request(
                    request.inputs(),
                    request.file().withNotes(notes),
                    request.outputShape(),
                    request.sources(),
                    request.text());
        } catch (ModelException | IOException e) {
            throw refusal;
        }
    }

    /** Returns a failure whose message also says so if the model runs on the input as one example without rows. */
    static RuntimeException hinted(InputOptions options, RuntimeException failure) throws IOException {
        String hint = failure.getClass() == ModelException.class ? hint(options) : "";
        return hint.isEmpty() ? failure : new ModelException(failure.getMessage() + "; " + hint, failure);
    }

    /** Returns how the model runs on the input without an axis of rows; empty if it does not run. */
    public static String hint(InputOptions options) throws IOException {
        if (options.unbatched != null || options.input == null) {
            return "";
        }
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            List<String> forms = new ArrayList<>();
            for (String form : List.of("one", "many")) {
                options.unbatched = form;
                try {
                    read(options, models.get(options));
                    forms.add(form);
                } catch (ModelException | IllegalArgumentException e) {
                    // Try the other form.
                }
            }
            return forms.isEmpty()
                    ? ""
                    : "it runs on one example without an axis of rows: --unbatched " + String.join(" or ", forms);
        } finally {
            options.unbatched = null;
        }
    }

    private static Request read(
            InputOptions options, InputFile.Reading reading, int channels, boolean single, RuledModel model)
            throws IOException {
        InputFile whole = options.chosen == null
                ? InputFile.read(options.requiredInput(), reading, channels, model.tensors())
                : options.chosen.source().read(reading, model.tensors());
        InputFile file = chosen(options, whole);
        Set<String> taken = new HashSet<>();
        Inputs inputs = Inputs.none();
        List<String> names = file.arrays().stream().map(NamedTensor::name).toList();
        for (String name : options.attribute) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("--attribute " + name + ": " + options.requiredInput()
                        + " has no such array; " + NearNames.hint(name, names));
            }
        }
        for (NamedTensor array : file.arrays()) {
            boolean attributed = options.attribute.isEmpty() || options.attribute.contains(array.name());
            inputs = inputs.with(
                    input(options, taken, row(array, single), attributed ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
        }
        if (options.fixed != null) {
            for (NamedTensor array : InputFile.read(options.fixed, reading, channels, model.tensors())
                    .arrays()) {
                boolean scalar = array.tensor().shape().rank() == 0;
                inputs = inputs.with(input(
                        options,
                        taken,
                        scalar ? array : row(array, single),
                        scalar ? Inputs.Role.CONSTANT : Inputs.Role.FIXED));
            }
        }
        if (options.constant != null) {
            for (NamedTensor array : InputFile.read(options.constant, reading, channels, model.tensors())
                    .arrays()) {
                inputs = inputs.with(input(options, taken, array, Inputs.Role.CONSTANT));
            }
        }
        for (String name : options.rowAxis.keySet()) {
            if (!taken.contains(name)) {
                throw new IllegalArgumentException("--row-axis " + name + ": there is no input of that name; "
                        + NearNames.hint(name, List.copyOf(taken)));
            }
        }
        inputs = namedAsIn(model, inputs);
        inputs = selected(options, named(options, file, inputs));
        Sources sources =
                new Files(reading.like(file), channels, model, inputs.attributedInputs(), file.columns(), single);
        try {
            return new Request(inputs, file, outputShape(model, inputs), sources, Optional.empty());
        } catch (ModelException e) {
            if (options.inputs.isEmpty() && file.arrays().size() > 1) {
                throw new ModelException(
                        e.getMessage() + " (" + options.requiredInput() + " holds " + listed(file.arrays())
                                + ", and all were given to the model in this order; choose with --inputs, such as"
                                + " --inputs "
                                + file.arrays().get(0).name() + ")",
                        e);
            }
            throw e;
        }
    }

    /** Returns inputs with the names of an ONNX file, in its order, if none of theirs is one of them. */
    static Inputs namedAsIn(RuledModel model, Inputs inputs) {
        List<String> names = model instanceof OnnxModel onnx ? onnx.parameterNames() : List.of();
        List<Inputs.Input> all = inputs.all();
        if (all.size() != names.size() || all.stream().anyMatch(input -> names.contains(input.name()))) {
            return inputs;
        }
        Inputs named = Inputs.none();
        for (int i = 0; i < all.size(); i++) {
            Inputs.Input input = all.get(i);
            named = named.with(
                    new Inputs.Input(names.get(i), input.tensor(), input.role(), input.features(), input.rowAxis()));
        }
        return named;
    }

    /** Returns inputs whose features have the names of the table's columns. */
    private static Inputs named(InputOptions options, InputFile file, Inputs inputs) {
        Inputs.Input first = inputs.all().get(0);
        if (file.encoder().isPresent()) {
            Inputs encoded = inputs.named(first.name(), file.encoder().get().featureNames());
            return file.encoder().get().allowsMissing() ? encoded.allowMissing() : encoded;
        }
        if (options.chosen != null && file.columns().isEmpty()) {
            return byPosition(inputs);
        }
        int columns = file.columns().size();
        boolean table = columns > 0 && new HashSet<>(file.columns()).size() == columns;
        return table
                        && file.columns().stream().noneMatch(String::isBlank)
                        && first.tensor().shape().rank() == 2
                ? inputs.named(first.name(), FeatureNames.columns(file.columns().toArray(String[]::new)))
                : inputs;
    }

    /** Names the columns of arrays, such as {@code x[0]}, so that the values of many rows can be compared. */
    private static Inputs byPosition(Inputs inputs) {
        Inputs named = inputs;
        for (Inputs.Input input : inputs.attributedInputs()) {
            Shape shape = input.tensor().shape();
            if (shape.rank() == 2) {
                String[] names = LongStream.range(0, shape.dim(1))
                        .mapToObj(i -> input.name() + "[" + i + "]")
                        .toArray(String[]::new);
                named = named.named(input.name(), FeatureNames.columns(names));
            }
        }
        return named;
    }

    private static String listed(List<NamedTensor> arrays) {
        return arrays.stream()
                .map(array -> array.name() + " of shape " + array.tensor().shape())
                .collect(Collectors.joining(", "));
    }

    /** Returns the arrays of --inputs, by name. */
    private static InputFile chosen(InputOptions options, InputFile file) {
        if (options.inputs.isEmpty()) {
            return file;
        }
        List<String> names = file.arrays().stream().map(NamedTensor::name).toList();
        List<NamedTensor> chosen = new ArrayList<>();
        for (String text : options.inputs) {
            int equals = text.indexOf('=');
            String name = text.substring(equals + 1).strip();
            int place = names.indexOf(name);
            if (place < 0) {
                throw new IllegalArgumentException("--inputs " + text + ": " + options.requiredInput() + " holds "
                        + listed(file.arrays()) + "; " + NearNames.hint(name, names));
            }
            chosen.add(new NamedTensor(
                    equals < 0 ? name : text.substring(0, equals).strip(),
                    file.arrays().get(place).tensor()));
        }
        return new InputFile(chosen, file.columns(), file.image(), file.notes(), file.encoder());
    }

    private static Request ofText(InputOptions options, InputFile.Reading reading, RuledModel model)
            throws IOException {
        if (options.input != null) {
            throw new IllegalArgumentException("--text and --input both say what is explained; give one");
        }
        if (options.rows != null) {
            throw new IllegalArgumentException("--rows chooses among the rows of --input; leave texts out instead");
        }
        TextInput text = TextInput.read(options.text);
        Inputs inputs = text.inputs(options.text, model);
        Sources sources = new Files(reading, 3, model, inputs.attributedInputs(), List.of(), false);
        InputFile file = new InputFile(List.of(), List.of(), Optional.empty(), List.of(), Optional.empty());
        return new Request(inputs, file, outputShape(model, inputs), sources, Optional.of(text));
    }

    /** Returns an array, as a single row if it is one example. */
    private static NamedTensor row(NamedTensor array, boolean single) {
        return single ? new NamedTensor(array.name(), row(array.tensor())) : array;
    }

    private static Tensor row(Tensor tensor) {
        long[] dims = tensor.shape().dims();
        long[] one = new long[dims.length + 1];
        one[0] = 1;
        System.arraycopy(dims, 0, one, 1, dims.length);
        return tensor.reshape(Shape.of(one));
    }

    private static Inputs.Input input(InputOptions options, Set<String> taken, NamedTensor array, Inputs.Role role) {
        String name = array.name();
        while (!taken.add(name)) {
            name += "'";
        }
        Integer rowAxis = options.rowAxis.get(name);
        if (rowAxis != null && role == Inputs.Role.CONSTANT) {
            throw new IllegalArgumentException(
                    "--row-axis " + name + ": this input is constant, which has no examples; give it with --fixed");
        }
        return new Inputs.Input(name, array.tensor(), role, FeatureNames.none(), rowAxis == null ? 0 : rowAxis);
    }

    private static Inputs selected(InputOptions options, Inputs inputs) {
        if (options.rows == null) {
            return inputs;
        }
        long[] rows = Texts.integers("--rows", options.rows);
        for (long row : rows) {
            if (row < 0 || row >= inputs.rows()) {
                throw new IllegalArgumentException("--rows " + row + ": " + options.requiredInput() + " has "
                        + Texts.count(inputs.rows(), "example") + ", 0 to " + (inputs.rows() - 1));
            }
        }
        return rowsOf(inputs, rows);
    }

    /**
     * Reads the examples of a further file, with the preparation of the input: inputs of the same names and roles,
     * whose rows may be of another number.
     *
     * @throws IllegalArgumentException if they do not have the shape of the input's examples
     */
    public Inputs like(Path file) throws IOException {
        List<Tensor> arrays = sources.arrays(file.toString());
        List<Inputs.Input> own = inputs.all().stream()
                .filter(input -> input.role() != Inputs.Role.CONSTANT)
                .toList();
        if (arrays.size() != own.size()) {
            throw new IllegalArgumentException(file + ": holds " + Texts.count(arrays.size(), "array")
                    + ", and the inputs are "
                    + own.stream().map(Inputs.Input::name).toList()
                    + "; give an array for each, of the same names");
        }
        Inputs all = Inputs.none();
        for (Inputs.Input input : inputs.all()) {
            int place = own.indexOf(input);
            Tensor tensor = place < 0 ? input.tensor() : arrays.get(place);
            DataType type = input.tensor().dataType();
            if (tensor.dataType() != type && tensor.dataType().isFloating() && type.isFloating()) {
                tensor = tensor.to(type);
            }
            if (place >= 0 && !isLike(tensor.shape(), input)) {
                throw new IllegalArgumentException(file + ": has shape " + tensor.shape() + ", and the input "
                        + input.tensor().shape() + "; all but the number of examples must be equal"
                        + (InputFile.isImage(file) ? ": bring images to one size with --size" : ""));
            }
            all = all.with(new Inputs.Input(input.name(), tensor, input.role(), input.features(), input.rowAxis()));
        }
        return inputs.allowsMissing() ? all.allowMissing() : all;
    }

    private static boolean isLike(Shape shape, Inputs.Input input) {
        Shape wanted = input.tensor().shape();
        boolean like = shape.rank() == wanted.rank();
        for (int axis = 0; like && axis < wanted.rank(); axis++) {
            like = axis == input.rowAxis() || shape.dim(axis) == wanted.dim(axis);
        }
        return like;
    }

    /** Returns some rows of inputs, as inputs of their own. */
    public static Inputs rowsOf(Inputs inputs, long... rows) {
        Inputs alone = Inputs.none();
        for (Inputs.Input input : inputs.select(rows).all()) {
            alone = alone.with(input);
        }
        return inputs.allowsMissing() ? alone.allowMissing() : alone;
    }

    /** Returns whether axis 0 of the output for one example counts examples. */
    public boolean hasRows() {
        return outputShape.rank() > 0 && outputShape.dim(0) == 1;
    }

    /** Returns the shape of the model's output for one example. */
    static Shape outputShape(RuledModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            return ofFewest(
                    model,
                    inputs,
                    (few, shape) -> few.rows() > 1 && shape.rank() > 0 && shape.dim(0) == few.rows()
                            ? shape.withRows(1)
                            : shape);
        }
    }

    /** Returns the first example, or all examples if the model was saved for exactly that number of rows. */
    public static Inputs fewest(RuledModel model, Inputs inputs) {
        return inputs.rows() == 1 ? inputs.select(0) : ofFewest(model, inputs, (few, shape) -> few);
    }

    /** Computes something from the fewest examples that the model takes, and from the shape of its output. */
    private static <T> T ofFewest(RuledModel model, Inputs inputs, BiFunction<Inputs, Shape, T> use) {
        Inputs one = inputs.select(0);
        try {
            return use.apply(one, shape(model, one));
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            if (inputs.rows() == 1) {
                throw e;
            }
            try {
                return use.apply(inputs, shape(model, inputs));
            } catch (ModelException several) {
                e.addSuppressed(several);
                throw e;
            }
        }
    }

    private static Shape shape(RuledModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            return model.forward(inputs).shape();
        }
    }

    /** Reads files like the input, to the model's device. */
    private record Files(
            InputFile.Reading reading,
            int channels,
            RuledModel model,
            List<Inputs.Input> attributed,
            List<String> columns,
            boolean single)
            implements Sources {
        @Override
        public List<Tensor> arrays(String file) throws IOException {
            return ordered(InputFile.beside(Path.of(file), reading, planes(), model.tensors(), columns)
                    .arrays());
        }

        /** Returns the channels of the input, if it is an image, whatever file it came from. */
        private int planes() {
            Shape shape = attributed.get(0).tensor().shape();
            boolean image = shape.rank() == 4 && (shape.dim(1) == 1 || shape.dim(1) == 3);
            return image ? Math.toIntExact(shape.dim(1)) : channels;
        }

        @Override
        public List<Tensor> groupNumbers(String file) throws IOException {
            InputFile.Reading used = file.endsWith(".csv") ? reading.ofNumbers().as(DataType.INT64) : reading;
            return ordered(InputFile.beside(Path.of(file), used, channels, model.tensors(), columns)
                    .arrays());
        }

        @Override
        public List<Tensor> flags(String file) throws IOException {
            Path path = Path.of(file);
            return InputFile.isImage(path)
                    ? List.of(ImageFile.read(path, reading.image(), 1).flags(model.tensors()))
                    : arrays(file);
        }

        /** Returns arrays in the order of the attributed inputs, if the file names them all. */
        private List<Tensor> ordered(List<NamedTensor> arrays) {
            List<Tensor> all = new ArrayList<>();
            for (int i = 0; i < arrays.size(); i++) {
                Tensor tensor = arrays.get(i).tensor();
                boolean one = single
                        && tensor.shape().rank()
                                < attributed.get(0).tensor().shape().rank();
                all.add(one ? row(tensor) : tensor);
            }
            List<Tensor> byName = new ArrayList<>();
            for (Inputs.Input input : attributed) {
                arrays.stream()
                        .filter(array -> array.name().equals(input.name()))
                        .findFirst()
                        .ifPresent(array -> byName.add(all.get(arrays.indexOf(array))));
            }
            return byName.size() == attributed.size() ? byName : all;
        }
    }
}
