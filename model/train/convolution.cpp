// SPDX-License-Identifier: Apache-2.0
#include "train/convolution.hpp"

#include <utility>

#include "train/padded.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

torch::Tensor last(const torch::Tensor& tensor) { return tensor.contiguous(kLast); }

torch::Tensor images_of(std::int64_t images, std::int64_t channels, std::int64_t height, std::int64_t width) {
  return torch::empty({images, channels, height, width}, torch::TensorOptions().dtype(torch::kFloat).memory_format(kLast));
}

std::optional<IntegerConvolution> integers_for(const ConvolutionShape& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3 || s.stride != 1 || s.dilation != 1 || s.padding != 1 || s.bfloat16) return {};
  for (const std::int64_t size : {s.images, s.inputs, s.outputs, s.height, s.width}) {
    if (!std::in_range<int>(size)) return {};
  }
  const IntegerShape shape{static_cast<int>(s.images), static_cast<int>(s.inputs), static_cast<int>(s.outputs), static_cast<int>(s.height),
                           static_cast<int>(s.width)};
  if (!IntegerConvolution::fits(shape)) return {};
  return IntegerConvolution(shape);
}

}  // namespace

torch::Tensor Convolution::input_gradient(const IntegerGradient& gradient, const torch::Tensor& weight) const {
  torch::Tensor dx = images_of(shape_.images, shape_.inputs, shape_.height, shape_.width);
  const torch::Tensor w = last(weight);
  integers_->input_gradient(gradient.values.data_ptr<std::int16_t>(), w.data_ptr<float>(), gradient.step, dx.data_ptr<float>());
  return dx;
}

torch::Tensor Convolution::weight_gradient(const torch::Tensor& bytes, const IntegerGradient& gradient) const {
  torch::Tensor dw = images_of(shape_.outputs, shape_.inputs, shape_.kernel_height, shape_.kernel_width);
  const torch::Tensor x = last(bytes);
  integers_->weight_gradient(x.data_ptr<std::uint8_t>(), gradient.values.data_ptr<std::int16_t>(), gradient.step, dw.data_ptr<float>());
  return dw;
}

}  // namespace flexor

#ifdef FLEXOR_ONEDNN
#include <dnnl.hpp>
#include <string_view>
#include <unordered_map>

namespace flexor {
namespace {

using Memory = dnnl::memory;
using Type = Memory::data_type;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  static dnnl::stream only(cpu());
  return only;
}

Memory view(const Memory::desc& desc, const torch::Tensor& tensor) { return {desc, cpu(), tensor.data_ptr()}; }

}  // namespace

struct Convolution::Primitives {
  // A tensor that stays for the life of the primitives, in the layout that one of them wants.
  struct Packed {
    Memory memory;
    dnnl::reorder reorder;
    Packed(const Memory::desc& from, const Memory::desc& to)
        : memory(to, cpu()), reorder(dnnl::reorder::primitive_desc(cpu(), from, cpu(), to)) {}
  };

  explicit Primitives(const ConvolutionShape& s)
      : type(s.bfloat16 ? Type::bf16 : Type::f32),
        source({s.images, s.inputs, s.height, s.width}, type, Memory::format_tag::nhwc),
        target({s.images, s.outputs, s.out_height(), s.out_width()}, type, Memory::format_tag::nhwc),
        plain({s.outputs, s.inputs, s.kernel_height, s.kernel_width}, Type::f32, Memory::format_tag::ohwi),
        any({s.outputs, s.inputs, s.kernel_height, s.kernel_width}, type, Memory::format_tag::any),
        any_float({s.outputs, s.inputs, s.kernel_height, s.kernel_width}, Type::f32, Memory::format_tag::any),
        strides{s.stride, s.stride},
        dilates{s.dilation - 1, s.dilation - 1},
        before{s.padding.top, s.padding.left},
        behind{s.padding.bottom, s.padding.right},
        forward_desc(
            {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, source, any, target, strides, dilates, before, behind},
            cpu()),
        forward(forward_desc) {}

  // When bytes first come; left out where oneDNN has nothing but its reference loops for them.
  bool make_bytes_forward() {
    if (!bytes_tried) try_bytes_forward();
    bytes_tried = true;
    return bytes_forward.has_value();
  }
  void try_bytes_forward() {
    const Memory::desc bytes(source.dims(), Type::u8, Memory::format_tag::nhwc);
    const Memory::desc signs(plain.dims(), Type::s8, Memory::format_tag::any);
    try {
      const dnnl::convolution_forward::primitive_desc desc(
          {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, bytes, signs, target, strides, dilates, before, behind},
          cpu());
      if (std::string_view(desc.impl_info_str()).starts_with("ref")) return;
      bytes_forward.emplace(desc);
      bytes_source = bytes;
      signs_packed.emplace(plain, desc.weights_desc());
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }

  // The backward primitives are made when they are first used: the first layer never needs a gradient of its input.
  void make_input_gradient() {
    if (input_gradient) return;
    const dnnl::convolution_backward_data::primitive_desc desc(
        {dnnl::algorithm::convolution_direct, source, any, target, strides, dilates, before, behind}, cpu(), forward_desc);
    backward_weights.emplace(plain, desc.weights_desc());
    input_gradient.emplace(desc);
  }
  void make_weight_gradient() {
    if (weight_gradient) return;
    const dnnl::convolution_backward_weights::primitive_desc desc(
        {dnnl::algorithm::convolution_direct, source, any_float, target, strides, dilates, before, behind}, cpu(), forward_desc);
    gradient.emplace(desc.diff_weights_desc(), plain);
    gathered = Memory(desc.diff_weights_desc(), cpu());
    weight_gradient.emplace(desc);
  }

  Type type;
  Memory::desc source, target, plain, any, any_float;
  Memory::dims strides, dilates, before, behind;
  dnnl::convolution_forward::primitive_desc forward_desc;
  dnnl::convolution_forward forward;
  std::optional<Packed> forward_weights;
  bool bytes_tried = false;
  std::optional<dnnl::convolution_forward> bytes_forward;
  Memory::desc bytes_source;
  std::optional<Packed> signs_packed;
  std::optional<dnnl::convolution_backward_data> input_gradient;
  std::optional<Packed> backward_weights;
  std::optional<dnnl::convolution_backward_weights> weight_gradient;
  std::optional<Packed> gradient;  // its memory is not used: the result goes to the caller's tensor
  Memory gathered;
};

Convolution::Convolution(const ConvolutionShape& shape)
    : shape_(shape), integers_(integers_for(shape)), made_(std::make_unique<Primitives>(shape)) {}
Convolution::~Convolution() = default;

torch::Tensor Convolution::forward(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& bytes) {
  if (bytes.defined() && forward_by_integers()) {
    torch::Tensor y = images_of(shape_.images, shape_.outputs, shape_.out_height(), shape_.out_width());
    const torch::Tensor x = last(bytes);
    const torch::Tensor w = last(weight);
    integers_->forward(x.data_ptr<std::uint8_t>(), w.data_ptr<float>(), y.data_ptr<float>());
    return y;
  }
  Primitives& p = *made_;
  const bool by_bytes = bytes.defined() && p.make_bytes_forward();
  const torch::Tensor x = last(by_bytes ? bytes : input);
  const torch::Tensor w = last(weight);
  torch::Tensor y = torch::empty({shape_.images, shape_.outputs, shape_.out_height(), shape_.out_width()},
                                 torch::TensorOptions().dtype(shape_.bfloat16 ? torch::kBFloat16 : torch::kFloat).memory_format(kLast));
  if (!by_bytes && !p.forward_weights) p.forward_weights.emplace(p.plain, p.forward_desc.weights_desc());
  Primitives::Packed& packed = by_bytes ? *p.signs_packed : *p.forward_weights;
  Memory from = view(p.plain, w);
  packed.reorder.execute(stream(), from, packed.memory);
  const Memory read = view(by_bytes ? p.bytes_source : p.source, x);
  (by_bytes ? *p.bytes_forward : p.forward)
      .execute(stream(), {{DNNL_ARG_SRC, read}, {DNNL_ARG_WEIGHTS, packed.memory}, {DNNL_ARG_DST, view(p.target, y)}});
  return y;
}

bool Convolution::multiplies_bytes() { return forward_by_integers() || made_->make_bytes_forward(); }

torch::Tensor Convolution::input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight) {
  Primitives& p = *made_;
  p.make_input_gradient();
  const torch::Tensor dy = last(gradient);
  const torch::Tensor w = last(weight);
  torch::Tensor dx = torch::empty({shape_.images, shape_.inputs, shape_.height, shape_.width}, dy.options().memory_format(kLast));
  Memory from = view(p.plain, w);
  p.backward_weights->reorder.execute(stream(), from, p.backward_weights->memory);
  p.input_gradient->execute(
      stream(),
      {{DNNL_ARG_DIFF_DST, view(p.target, dy)}, {DNNL_ARG_WEIGHTS, p.backward_weights->memory}, {DNNL_ARG_DIFF_SRC, view(p.source, dx)}});
  return dx;
}

torch::Tensor Convolution::weight_gradient(const torch::Tensor& input, const torch::Tensor& gradient) {
  Primitives& p = *made_;
  p.make_weight_gradient();
  const torch::Tensor x = last(input);
  const torch::Tensor dy = last(gradient);
  torch::Tensor dw = torch::empty({shape_.outputs, shape_.inputs, shape_.kernel_height, shape_.kernel_width},
                                  torch::TensorOptions().dtype(torch::kFloat).memory_format(kLast));
  p.weight_gradient->execute(
      stream(), {{DNNL_ARG_SRC, view(p.source, x)}, {DNNL_ARG_DIFF_DST, view(p.target, dy)}, {DNNL_ARG_DIFF_WEIGHTS, p.gathered}});
  Memory to = view(p.plain, dw);
  p.gradient->reorder.execute(stream(), p.gathered, to);
  return dw;
}

bool Convolution::available(bool bfloat16) {
  const auto isa = dnnl::get_effective_cpu_isa();
  return !bfloat16 || isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

}  // namespace flexor

#else

namespace flexor {

struct Convolution::Primitives {};
Convolution::Convolution(const ConvolutionShape& shape) : shape_(shape) {}
Convolution::~Convolution() = default;
torch::Tensor Convolution::forward(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor&) {
  return padded_convolution(input, weight, shape_.stride, shape_.padding, shape_.dilation);
}
bool Convolution::multiplies_bytes() { return false; }
torch::Tensor Convolution::input_gradient(const torch::Tensor&, const torch::Tensor&) { return {}; }
torch::Tensor Convolution::weight_gradient(const torch::Tensor&, const torch::Tensor&) { return {}; }
bool Convolution::available(bool) { return false; }

}  // namespace flexor

#endif
