// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <dnnl.hpp>
#include <vector>

namespace flexor {

/// The primitives of one training step of ResNet-20 and nothing else: convolutions forward and backward and batch norm with ReLU forward
/// and backward, in the layouts that oneDNN likes best. No shortcut, no copy, no optimiser: what a perfect program around them would reach.
class OneDnnSteps {
 public:
  OneDnnSteps(int batch, bool bfloat16) : type_(bfloat16 ? Type::bf16 : Type::f32) {
    layer(batch, 3, 16, 32, 1, 1);
    layer(batch, 16, 16, 32, 1, 6);
    layer(batch, 16, 32, 32, 2, 1);
    layer(batch, 32, 32, 16, 1, 5);
    layer(batch, 32, 64, 16, 2, 1);
    layer(batch, 64, 64, 8, 1, 5);
  }
  void run() {
    for (Step& step : steps_) {
      for (int i = 0; i < step.times; ++i) step.primitive.execute(stream_, step.arguments);
    }
    stream_.wait();
  }

 private:
  using Memory = dnnl::memory;
  using Type = Memory::data_type;
  using Tag = Memory::format_tag;
  struct Step {
    dnnl::primitive primitive;
    std::unordered_map<int, Memory> arguments;
    int times;
  };

  void layer(int batch, int inputs, int outputs, int side, int stride, int times) {
    const int out = side / stride;
    const Memory::dims strides{stride, stride}, padding{1, 1};
    const Memory::desc source({batch, inputs, side, side}, type_, Tag::any), target({batch, outputs, out, out}, type_, Tag::any);
    const Memory::desc weights({outputs, inputs, 3, 3}, type_, Tag::any), gradient({outputs, inputs, 3, 3}, Type::f32, Tag::any);
    const auto direct = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, direct, source, weights, target, strides, padding, padding}, engine_);
    const Memory to(forward.dst_desc(), engine_), from(forward.src_desc(), engine_);
    steps_.push_back({dnnl::convolution_forward(forward),
                      {{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, fresh(forward.weights_desc())}, {DNNL_ARG_DST, to}},
                      times});
    if (inputs > 3) {
      const dnnl::convolution_backward_data::primitive_desc back({direct, source, weights, target, strides, padding, padding}, engine_,
                                                                 forward);
      steps_.push_back({dnnl::convolution_backward_data(back),
                        {{DNNL_ARG_DIFF_DST, fresh(back.diff_dst_desc())},
                         {DNNL_ARG_WEIGHTS, fresh(back.weights_desc())},
                         {DNNL_ARG_DIFF_SRC, fresh(back.diff_src_desc())}},
                        times});
    }
    const dnnl::convolution_backward_weights::primitive_desc back({direct, source, gradient, target, strides, padding, padding}, engine_,
                                                                  forward);
    steps_.push_back({dnnl::convolution_backward_weights(back),
                      {{DNNL_ARG_SRC, fresh(back.src_desc())},
                       {DNNL_ARG_DIFF_DST, fresh(back.diff_dst_desc())},
                       {DNNL_ARG_DIFF_WEIGHTS, fresh(back.diff_weights_desc())}},
                      times});
    norm(forward.dst_desc(), outputs, times);
  }

  void norm(const Memory::desc& desc, int channels, int times) {
    const auto flags = dnnl::normalization_flags::use_scale_shift | dnnl::normalization_flags::fuse_norm_relu;
    const dnnl::batch_normalization_forward::primitive_desc forward({dnnl::prop_kind::forward_training, desc, 1e-5F, flags}, engine_);
    const dnnl::batch_normalization_backward::primitive_desc back({dnnl::prop_kind::backward, desc, desc, 1e-5F, flags}, engine_, forward);
    const Memory source = fresh(desc), scale = fresh({{2, channels}, Type::f32, Tag::nc});
    const Memory mean = fresh(forward.mean_desc()), variance = fresh(forward.variance_desc()), mask = fresh(forward.workspace_desc());
    steps_.push_back({dnnl::batch_normalization_forward(forward),
                      {{DNNL_ARG_SRC, source},
                       {DNNL_ARG_DST, fresh(desc)},
                       {DNNL_ARG_SCALE_SHIFT, scale},
                       {DNNL_ARG_MEAN, mean},
                       {DNNL_ARG_VARIANCE, variance},
                       {DNNL_ARG_WORKSPACE, mask}},
                      times});
    steps_.push_back({dnnl::batch_normalization_backward(back),
                      {{DNNL_ARG_SRC, source},
                       {DNNL_ARG_DIFF_DST, fresh(desc)},
                       {DNNL_ARG_DIFF_SRC, fresh(desc)},
                       {DNNL_ARG_SCALE_SHIFT, scale},
                       {DNNL_ARG_DIFF_SCALE_SHIFT, fresh({{2, channels}, Type::f32, Tag::nc})},
                       {DNNL_ARG_MEAN, mean},
                       {DNNL_ARG_VARIANCE, variance},
                       {DNNL_ARG_WORKSPACE, mask}},
                      times});
  }

  Memory fresh(const Memory::desc& desc) const {
    Memory memory(desc, engine_);
    std::fill_n(static_cast<std::uint8_t*>(memory.get_data_handle()), desc.get_size(), std::uint8_t{0});
    return memory;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  Type type_;
  std::vector<Step> steps_;
};

}  // namespace flexor
