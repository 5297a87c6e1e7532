// SPDX-License-Identifier: Apache-2.0
#include "train/xor_gradient.hpp"

#include <ATen/Parallel.h>

#include <bit>
#include <cstdint>

#include "train/device.hpp"

namespace flexor {
namespace {

constexpr std::int64_t kGrain = 512;

template <typename T>
std::uint32_t stored_bits(const T* x, int count) {
  std::uint32_t bits = 0;
  for (int j = 0; j < count; ++j) bits |= static_cast<std::uint32_t>(!(x[j] < T(0))) << j;
  return bits;
}

struct XorDecrypt : torch::autograd::Function<XorDecrypt> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& input, const Code& code, double s_tanh,
                               bool straight) {
    const torch::Tensor x = input.contiguous();
    torch::Tensor y = torch::empty({x.size(0), code.n_out}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "xor_decrypt", [&] {
      const auto* from = x.data_ptr<scalar_t>();
      auto* to = y.data_ptr<scalar_t>();
      at::parallel_for(0, x.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s) {
          const std::uint32_t bits = stored_bits(from + s * code.n_in, code.n_in);
          for (int i = 0; i < code.n_out; ++i) {
            to[s * code.n_out + i] = std::popcount(code.rows[static_cast<std::size_t>(i)] & bits) % 2 != 0 ? scalar_t(1) : scalar_t(-1);
          }
        }
      });
    });
    context->save_for_backward({x, y});
    context->saved_data["s_tanh"] = s_tanh;
    context->saved_data["straight"] = straight;
    std::vector<std::int64_t> rows(code.rows.begin(), code.rows.end());
    context->saved_data["rows"] = rows;
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const torch::Tensor& y = saved[1];
    const double s_tanh = context->saved_data["s_tanh"].toDouble();
    const bool straight = context->saved_data["straight"].toBool();
    const std::vector<std::int64_t> rows = context->saved_data["rows"].toIntVector();
    const torch::Tensor g = gradients[0].contiguous();
    const torch::Tensor tanh = straight ? x : (x * s_tanh).tanh_();  // libtorch's is vectorised
    torch::Tensor result = torch::zeros_like(x);
    const std::int64_t n_in = x.size(1);
    const std::int64_t n_out = y.size(1);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "xor_decrypt_backward", [&] {
      const auto* from = x.data_ptr<scalar_t>();
      const auto* out = y.data_ptr<scalar_t>();
      const auto* up = g.data_ptr<scalar_t>();
      const auto* tanhs = tanh.data_ptr<scalar_t>();
      auto* to = result.data_ptr<scalar_t>();
      at::parallel_for(0, x.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s) {
          auto* dx = to + s * n_in;
          for (std::int64_t i = 0; i < n_out; ++i) {
            const scalar_t flow = up[s * n_out + i] * out[s * n_out + i];
            for (auto taps = static_cast<std::uint64_t>(rows[static_cast<std::size_t>(i)]); taps != 0; taps &= taps - 1) {
              dx[std::countr_zero(taps)] += flow;
            }
          }
          for (std::int64_t j = 0; j < n_in; ++j) {
            const scalar_t value = from[s * n_in + j];
            const scalar_t t = tanhs[s * n_in + j];
            const scalar_t slope = straight ? scalar_t(1) : static_cast<scalar_t>(s_tanh) * (scalar_t(1) - t * t);
            dx[j] *= slope * (value < scalar_t(0) ? scalar_t(-1) : scalar_t(1));
          }
        }
      });
    });
    return {result, torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

struct XorByTensors : torch::autograd::Function<XorByTensors> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& taps, double s_tanh,
                               bool straight) {
    const torch::Tensor bits = x.ge(0).to(x.scalar_type());
    torch::Tensor y = bits.matmul(taps.t()).remainder_(2).mul_(2).sub_(1);
    context->save_for_backward({x, y, taps});
    context->saved_data["s_tanh"] = s_tanh;
    context->saved_data["straight"] = straight;
    return y;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const double s_tanh = context->saved_data["s_tanh"].toDouble();
    const torch::Tensor t = (saved[0] * s_tanh).tanh_();
    const torch::Tensor sign = saved[0].ge(0).to(t.scalar_type()).mul_(2).sub_(1);
    const torch::Tensor flow = (gradients[0] * saved[1]).matmul(saved[2]);
    if (context->saved_data["straight"].toBool()) return {flow * sign, torch::Tensor(), torch::Tensor(), torch::Tensor()};
    return {flow * (1 - t * t) * sign * s_tanh, torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

// M as numbers, where and in the type of x.
torch::Tensor tap_matrix(const Code& code, const torch::Tensor& x) {
  std::vector<float> taps;
  for (const std::uint32_t row : code.rows) {
    for (int j = 0; j < code.n_in; ++j) taps.push_back(static_cast<float>(row >> j & 1U));
  }
  return torch::tensor(taps).view({code.n_out, code.n_in}).to(x.device(), x.scalar_type());
}

// libtorch's own gradient of y_i = (-1)^(t-1) prod_{j in taps(i)} tanh(s_tanh x_j).
torch::Tensor analog_decrypt(const torch::Tensor& x, const Code& code, double s_tanh) {
  const torch::Tensor taps = tap_matrix(code, x);
  const torch::Tensor t = torch::tanh(x * s_tanh).unsqueeze(1);                                       // [S, 1, n_in]
  const torch::Tensor sign = taps.sum(1).remainder(2).mul(2).sub(1);                                  // [n_out]
  return torch::where(taps.to(torch::kBool).unsqueeze(0), t, torch::ones_like(t)).prod(2).mul(sign);  // [S, n_out]
}

}  // namespace

torch::Tensor xor_decrypt(const torch::Tensor& x, const Code& code, double s_tanh, Estimator estimator) {
  if (estimator == Estimator::Analog || !on_cpu(x)) return xor_decrypt_by_tensors(x, code, s_tanh, estimator);
  return XorDecrypt::apply(x, code, s_tanh, estimator == Estimator::Straight);
}

torch::Tensor xor_decrypt_by_tensors(const torch::Tensor& x, const Code& code, double s_tanh, Estimator estimator) {
  if (estimator == Estimator::Analog) return analog_decrypt(x, code, s_tanh);
  return XorByTensors::apply(x, tap_matrix(code, x), s_tanh, estimator == Estimator::Straight);
}

}  // namespace flexor
