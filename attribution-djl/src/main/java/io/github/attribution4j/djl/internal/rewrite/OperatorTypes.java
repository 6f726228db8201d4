// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the operators of libtorch give, from the schemas it registers: most give one tensor, and only the others are named here. Where a schema has overloads that differ, the types of the
 * arguments decide; null means that the result is not known to hold tensors.
 */
final class OperatorTypes {
    private static final Pattern LIBRARIES = Pattern.compile("(cudnn|miopen|mkldnn|fake_quantize)_.*|.*backward.*");
    private static final Pattern TEXT = Pattern.compile("add|mul|slice|lower|upper|strip|replace|format|join");
    private static final Pattern NUMBERS = Pattern.compile("int|float|bool|number|complex");
    private static final Pattern UNDECIDED = Pattern.compile("number|complex");
    private static final Pattern COMPARISONS = Pattern.compile("eq|ne|lt|le|gt|ge|isnan|isinf|isfinite");
    private static final Pattern LIKE_OPERANDS = Pattern.compile("pow|abs|fmod|__and__|__or__|__xor__");
    private static final Pattern WHOLE =
            Pattern.compile("add|sub|mul|neg|remainder|floor|ceil|gcd|__lshift__|__rshift__");
    private static final Pattern ROUNDED = Pattern.compile("floor|ceil|round");
    private static final Pattern REALS = Pattern.compile("float|number");

    private static final Set<String> PAIRS = names("""
            _aminmax _ctc_loss _linalg_eigh _native_multi_head_attention _pack_padded_sequence _pad_packed_sequence _rowwise_prune
            _scaled_dot_product_attention_math _scaled_dot_product_attention_math_for_mps _scaled_dot_product_flash_attention_for_cpu
            _sobol_engine_draw _sparse_mm_reduce_impl _unique _unpack_dual _weight_norm_interface adaptive_max_pool1d adaptive_max_pool2d
            adaptive_max_pool3d aminmax batch_norm_gather_stats batch_norm_gather_stats_with_counts batch_norm_stats batch_norm_update_stats
            choose_qparams_optimized cummax cummin fractional_max_pool2d fractional_max_pool3d geqrf gru histogram kthvalue linalg_cholesky_ex
            linalg_eig linalg_eigh linalg_inv_ex linalg_ldl_factor linalg_lu_factor linalg_qr linalg_slogdet linalg_solve_ex
            log_sigmoid_forward lstm_cell max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices mode
            multilabel_margin_loss_forward native_dropout nll_loss2d_forward nll_loss_forward qr quantized_gru quantized_lstm_cell rnn_relu
            rnn_tanh rrelu_with_noise_functional slogdet std_mean topk triangular_solve var_mean
            """);
    private static final Set<String> TRIPLES = names("""
            _linalg_det _linalg_svd _lu_with_info _native_batch_norm_legit _native_batch_norm_legit_no_training _transform_bias_rescale_qkv
            _unique2 linalg_ldl_factor_ex linalg_lu linalg_lu_factor_ex linalg_svd lstm lu_unpack native_batch_norm native_group_norm
            native_layer_norm quantized_lstm svd unique_consecutive unique_dim unique_dim_consecutive
            """);
    private static final Set<String> QUADRUPLES = names("""
            _embedding_bag _embedding_bag_forward_only _linalg_slogdet _linalg_solve_ex embedding_bag linalg_lstsq
            """);
    private static final Set<String> LISTS = names("""
            _histogramdd_bin_edges _to_cpu broadcast_tensors chunk dsplit gradient hsplit meshgrid nonzero_numpy split_copy split_with_sizes
            split_with_sizes_copy tensor_split unbind unbind_copy unflatten_dense_tensors unsafe_chunk unsafe_split unsafe_split_with_sizes
            vsplit
            """);

    /** They work on tensors and on numbers. */
    private static final Set<String> MIXED = names("""
            __and__ __lshift__ __or__ __rshift__ __xor__ acos acosh add add_ all angle any asin asinh atan atan2 atanh atleast_1d atleast_2d
            atleast_3d ceil copysign cos cosh dequantize div eq erf erfc exp expm1 floor fmod gcd ge gt index isfinite isinf isnan ldexp le
            lgamma log log10 log1p lt mul mul_ ne neg polar pow quantize_per_tensor remainder round select sin sinh slice sqrt sub sum tan
            tanh values where
            """);

    /** No tensors, or of types that need a closer look. */
    private static final Set<String> OTHERS = names("""
            Bool Complex ComplexImplicit Delete Float FloatImplicit Generator Int IntImplicit ScalarImplicit Size __contains__ __derive_index
            __getitem__ __is__ __isnot__ __not__ __range_length __round_to_zero_floordiv _choose_qparams_per_tensor _cummax_helper
            _cummin_helper _debug_has_internal_overlap _dimI _dimV _get_cpu_capability _get_tracing_state _has_compatible_shallow_copy_type
            _has_same_storage_numel _infer_size _is_zerotensor _local_scalar_dense _lstm_mps _native_batch_norm_legit_functional
            _nnpack_available _nnz _pack_sequence _print _propagate_xla_data _scaled_dot_product_flash_attention _set_item _size_if_not_equal
            _tensor_to_list _unwrap_optional _version allclose append bin broadcast_shapes can_cast capitalize center chr clear
            confirmed_by_owner copy count degrees dense_dim device dict dim divmod element_size endswith equal expandtabs extend fabs
            factorial fbgemm_linear_quantize_weight find floordiv format frexp gamma get get_autocast_dtype get_device get_gradients grad
            has_torch_function hash hex histogramdd initial_seed insert is_autocast_cpu_enabled is_autocast_enabled is_coalesced is_complex
            is_conj is_contiguous is_distributed is_floating_point is_grad_enabled is_inference is_leaf is_neg is_non_overlapping_and_dense
            is_nonzero is_owner is_pinned is_same_size is_scripting is_set_to is_signed is_strides_like_format is_vulkan_available isalnum
            isalpha isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper item items join keys len list ljust
            local_value lower lstrip manual_seed mathremainder max median min modf nanmedian numel oct ord output_nr owner owner_name
            partition percentFormat pop popitem promote_types q_per_channel_axis q_scale q_zero_point qscheme radians record_stream remove
            replace result_type retain_grad retains_grad reverse rfind rindex rjust rpartition rsplit rstrip save seed set_data
            set_grad_enabled setdefault size sort sorted sparse_dim split splitlines startswith storage_offset str stride strip swapcase
            sym_constrain_range sym_constrain_range_for_size sym_is_contiguous sym_numel sym_size sym_storage_offset sym_stride title to_here
            update upper wait warn zfill
            """);

    /** Internal operators that give one tensor; of others it is not assumed. */
    private static final Set<String> INTERNAL = names("""
            _convolution _convolution_mode _softmax _log_softmax _weight_norm _to_copy _unsafe_view _reshape_alias _conj _cast_Float
            _adaptive_avg_pool2d _adaptive_avg_pool3d _upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_nearest_exact2d
            _upsample_nearest_exact1d _upsample_nearest_exact3d _shape_as_tensor _transformer_encoder_layer_fwd _trilinear _cdist_forward
            _euclidean_dist _fft_r2c _fft_c2r _fft_c2c _masked_softmax _stack
            """);

    private static final Set<String> REDUCING = Set.of("max", "min", "median", "nanmedian");
    private static final Set<String> VIEWS = names("""
            view view_as reshape reshape_as select slice narrow transpose permute t squeeze unsqueeze expand expand_as chunk split
            split_with_sizes tensor_split hsplit vsplit dsplit unbind flatten unflatten detach alias as_strided diagonal movedim moveaxis
            swapaxes swapdims contiguous to type_as view_as_real view_as_complex real imag numpy_T matrix_H mT mH adjoint unfold lift_fresh
            squeeze_ unsqueeze_ transpose_ t_ detach_
            """);

    /** Their results have memory of their own, whatever they are given; others may hand an argument on. */
    private static final Set<String> FRESH = names("""
            conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d _convolution convolution linear addmm matmul mm bmm
            baddbmm einsum batch_norm layer_norm group_norm instance_norm native_layer_norm embedding embedding_bag lstm gru rnn_tanh
            rnn_relu lstm_cell gru_cell relu relu6 gelu silu mish elu celu selu leaky_relu prelu hardtanh hardswish hardsigmoid sigmoid tanh
            softplus log_sigmoid softmax log_softmax add sub rsub mul div neg pow exp log sqrt rsqrt reciprocal abs clamp clamp_min
            clamp_max mean sum prod cumsum norm var std max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices
            max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d cat stack clone zeros zeros_like ones ones_like empty full full_like
            arange rand randn tensor one_hot index_select gather masked_fill where topk argmax argmin eq ne lt le gt ge logical_not
            logical_and logical_or bitwise_not __and__ __or__ size len dim numel scaled_dot_product_attention square sin cos tan floor ceil
            round sign maximum minimum outer dot mv addmv addcmul addcdiv lerp cumprod roll flip sort argsort index repeat erf log1p expm1
            floor_divide remainder fmod true_divide any all logical_xor new_zeros new_ones new_full new_empty rand_like randn_like bernoulli
            adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d bilinear addbmm cdist histc bincount nonzero isnan isinf
            """);

    private static final Set<String> FILLING = names("append extend insert _set_item update setdefault");
    private static final Set<String> EMPTYING = names("pop popitem clear remove reverse sort Delete __delitem__");

    /** Operators without an underscore that write to arguments: normalisations to their statistics while in training, and others. */
    private static final Set<String> NORMALISATIONS = names("""
            batch_norm instance_norm native_batch_norm _native_batch_norm_legit _batch_norm_impl_index cudnn_batch_norm miopen_batch_norm
            """);

    /** The argument of normalisations that says whether they are in training. */
    static final int TRAINING = 5;

    private static final int[] STATISTICS = {3, 4};
    private static final int[] NOISE = {1};
    private static final int[] OBSERVED = {3, 4, 5, 6};
    private static final int[] TARGET = {0};
    private static final int[] NONE = {};

    private OperatorTypes() {}

    private static Set<String> names(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    /** Whether it works on numbers, texts or lists too, so that its arguments need not be tensors. */
    static boolean isMixed(String operator) {
        return MIXED.contains(operator) || OTHERS.contains(operator);
    }

    /** Whether the result may be a view of the first argument. */
    static boolean isView(String operator) {
        return VIEWS.contains(operator);
    }

    /** Whether no result shares memory with an argument. */
    static boolean isFresh(String operator) {
        return FRESH.contains(operator);
    }

    /** Whether it puts its other arguments into the list or dict that is its first. */
    static boolean changesContainer(String operator) {
        return FILLING.contains(operator);
    }

    /** Whether it takes something out of the list or dict that is its first, or changes the order in it. */
    static boolean emptiesContainer(String operator) {
        return EMPTYING.contains(operator);
    }

    /** The positions of the arguments that an operator writes to although its name does not say so. */
    static int[] written(String operator) {
        if (NORMALISATIONS.contains(operator)) {
            return STATISTICS;
        }
        return switch (operator) {
            case "rrelu_with_noise" -> NOISE;
            case "fused_moving_avg_obs_fake_quant", "_fused_moving_avg_obs_fq_helper" -> OBSERVED;
            case "set_data" -> TARGET;
            default -> NONE;
        };
    }

    /** Whether an operator writes to its arguments only in training. */
    static boolean writesInTraining(String operator) {
        return NORMALISATIONS.contains(operator);
    }

    /** Whether an operator is known to give no tensors, whatever it is given. */
    static boolean givesNoTensors(String operator) {
        return OTHERS.contains(operator) && !REDUCING.contains(operator) && !operator.equals("sort");
    }

    /** The type of a result; null if it is not known, or no tensor. {@code operator}: without namespace. */
    static @Nullable Type result(String operator, List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        if (first != null && !isTensor(first)) {
            Type known = ofContainer(operator, first, arguments);
            if (known != null) {
                return known;
            }
        }
        boolean tensor = isTensor(first) || (arguments.size() > 1 && isTensor(arguments.get(1)));
        if (PAIRS.contains(operator)) {
            return tuple(2);
        }
        if (TRIPLES.contains(operator)) {
            return tuple(3);
        }
        if (QUADRUPLES.contains(operator)) {
            return tuple(4);
        }
        if (LISTS.contains(operator)) {
            return Type.generic("List", Type.TENSOR);
        }
        if (operator.equals("slice")) {
            return first;
        }
        if (MIXED.contains(operator)) {
            boolean listed = (operator.equals("where") && arguments.size() == 1) || operator.startsWith("atleast");
            boolean chosen = operator.equals("where") && arguments.size() > 2;
            return (tensor && !listed) || chosen ? Type.TENSOR : number(operator, arguments);
        }
        if (REDUCING.contains(operator)) {
            if (!isTensor(first)) {
                return null;
            }
            return arguments.size() == 1 || isTensor(arguments.get(1)) ? Type.TENSOR : tuple(2);
        }
        if (operator.equals("sort") && isTensor(first)) {
            return tuple(2);
        }
        if (operator.equals("split") && isTensor(first)) {
            return Type.generic("List", Type.TENSOR);
        }
        if (OTHERS.contains(operator)) {
            return other(operator, arguments);
        }
        boolean internal = (operator.startsWith("_") && !INTERNAL.contains(operator))
                || LIBRARIES.matcher(operator).matches();
        return internal ? null : Type.TENSOR;
    }

    /** The larger or smaller of numbers, or the largest or smallest of a list of them. */
    static @Nullable Type extreme(@Nullable Type first, int arguments) {
        return first == null
                ? null
                : first.name().equals("List") && arguments == 1
                        ? first.arguments().get(0)
                        : isNumber(first) ? Type.of("number") : null;
    }

    /** What operators on dictionaries, lists and strings give; null for others. */
    private static @Nullable Type ofContainer(String operator, Type first, List<@Nullable Type> arguments) {
        if (first.name().equals("Dict")) {
            Type key = first.arguments().get(0);
            Type value = first.arguments().get(1);
            return switch (operator) {
                case "keys" -> Type.generic("List", key);
                case "values" -> Type.generic("List", value);
                case "items" -> Type.generic("List", Type.generic("Tuple", key, value));
                case "popitem" -> Type.generic("Tuple", key, value);
                case "get" -> arguments.size() > 2 ? value : Type.generic("Optional", value);
                case "pop", "setdefault", "__getitem__" -> value;
                case "copy", "dict" -> first;
                default -> null;
            };
        }
        if (first.name().equals("List")) {
            Type item = first.arguments().get(0);
            return switch (operator) {
                case "pop", "__getitem__" -> item;
                case "add", "add_", "mul", "slice", "list", "copy", "sorted", "append", "extend", "insert" -> first;
                case "sum" -> isNumber(item) ? item : null;
                case "count" -> Type.of("int");
                case "index" -> arguments.size() > 1 && !isTensor(arguments.get(1)) ? Type.of("int") : null;
                default -> null;
            };
        }
        return first.name().equals("str") && TEXT.matcher(operator).matches() ? first : null;
    }

    private static boolean isNumber(@Nullable Type type) {
        return type != null && NUMBERS.matcher(type.toString()).matches();
    }

    /** The type of arithmetic on numbers. */
    private static @Nullable Type number(String operator, List<@Nullable Type> arguments) {
        if (arguments.isEmpty() || !arguments.stream().allMatch(OperatorTypes::isNumber)) {
            return null;
        }
        if (arguments.stream()
                .anyMatch(t -> t != null && UNDECIDED.matcher(t.name()).matches())) {
            return Type.of("number");
        }
        if (COMPARISONS.matcher(operator).matches()) {
            return Type.of("bool");
        }
        if (LIKE_OPERANDS.matcher(operator).matches()) {
            return Type.of("number");
        }
        boolean whole = WHOLE.matcher(operator).matches()
                && arguments.stream().noneMatch(t -> t != null && t.name().equals("float"));
        return Type.of(whole || ROUNDED.matcher(operator).matches() ? "int" : "float");
    }

    private static @Nullable Type other(String operator, List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        return switch (operator) {
            case "len", "dim", "numel", "Int", "IntImplicit", "ord", "factorial", "element_size", "storage_offset" ->
                Type.of("int");
            case "Float", "FloatImplicit", "degrees", "radians", "gamma", "fabs" -> Type.of("float");
            case "Bool",
                    "__contains__",
                    "__not__",
                    "__is__",
                    "__isnot__",
                    "is_floating_point",
                    "is_complex",
                    "is_contiguous",
                    "equal",
                    "allclose" -> Type.of("bool");
            case "floordiv", "__round_to_zero_floordiv", "mathremainder" -> floored(arguments);
            case "ScalarImplicit", "_local_scalar_dense", "item" -> Type.of("number");
            case "format", "percentFormat", "hex", "oct", "bin", "chr" -> Type.of("str");
            case "size" -> arguments.size() > 1 ? Type.of("int") : Type.generic("List", Type.of("int"));
            case "_unwrap_optional" ->
                first != null && first.name().equals("Optional")
                        ? first.arguments().get(0)
                        : first;
            case "append", "copy", "list", "sorted" -> first;
            case "stride", "__range_length" ->
                arguments.size() > 1 || operator.startsWith("_")
                        ? Type.of("int")
                        : Type.generic("List", Type.of("int"));
            case "wait" ->
                first != null && first.name().equals("Future")
                        ? first.arguments().get(0)
                        : null;
            default -> null;
        };
    }

    /** Whole if all are, else a number. */
    private static Type floored(List<@Nullable Type> arguments) {
        boolean whole = arguments.stream()
                .allMatch(t -> t == null || !REALS.matcher(t.name()).matches());
        return Type.of(whole ? "int" : "number");
    }

    private static boolean isTensor(@Nullable Type type) {
        return type != null && type.equals(Type.TENSOR);
    }

    private static Type tuple(int size) {
        return new Type("Tuple", Collections.nCopies(size, Type.TENSOR), true);
    }
}
