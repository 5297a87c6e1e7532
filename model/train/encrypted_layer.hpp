// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "train/fused_layer.hpp"
#include "train/nearest_codeword.hpp"
#include "train/optimiser.hpp"
#include "train/slice_map.hpp"
#include "train/spec.hpp"
#include "train/tensor.hpp"
#include "train/xor_gradient.hpp"

namespace flexor {

class Team;

/// How weights are trained: stored bits by the paper's equation 6, its two ablations (Estimator) or the nearest codeword; or real weights
/// without any code, the baseline that no engine runs.
enum class Method { Eq6, Straight, Analog, Nearest, Real };

/// What the parameters of a run start from and how they move.
struct Hyper {
  Method method = Method::Nearest;
  Group latent;                ///< encrypted weights
  Group digit;                 ///< weights of binary digits
  Group norm;                  ///< batch-norm gain and offset, shortcut scale
  double latent_spread = 0.1;  ///< deviation of the latents at the start (stored values of eq. 6: 0.001)
  double latent_box = 1.0;     ///< latents stay within +-this
  double start_size = 0.05;    ///< root mean square of a layer's latents that begin as the weights of another run
  double s_tanh = 100;         ///< of eq. 6
  double hardening = 0;        ///< share of a run in which the codewords take the place of the latents themselves (nearest codeword)
  double smallest_gain = 0.1;  ///< of batch norm: keeps |bias| = |offset / gain| * sigma small
  double largest_gain = 1e30;
  bool integer_gradients = false;  ///< of convolutions, 16 bits, where IntegerConvolution fits
  bool fused = true;               ///< fused_layer() where it fits; false: libtorch's operations everywhere
};

/// A layer whose accumulators become outputs as real_scale * (accumulator + real_bias), per channel.
struct FoldedNorm {
  std::vector<double> scale;  ///< output LSBs (activations) or logit units per accumulator unit, > 0
  std::vector<double> bias;   ///< accumulator units
};

/// One trained layer: encrypted weights or binary digits, integer accumulators, batch norm, shortcut, pooling, quantised activation.
class EncryptedLayerImpl : public torch::nn::Module {
 public:
  /// `map`: of the layer's weights; `code`: of its slices.
  EncryptedLayerImpl(const LayerSpec& spec, const Layer& shape, std::shared_ptr<const SliceMap> map, const Code& code, const Hyper& hyper,
                     const torch::Generator& generator);

  /// input, shortcut (of a layer that has one): NCHW integers as floats. Training uses batch statistics; evaluation the recalibrated ones.
  /// copies: of both activations; undefined where there are none.
  torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& shortcut, bool bfloat16, Copies& copies);
  torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& shortcut, bool bfloat16) {
    Copies copies;
    return forward(input, shortcut, bfloat16, copies);
  }
  /// Weights as the forward pass uses them: in {-1, +1}, or odd integers; real ones of Method::Real; in training before all is hard,
  /// `hardness c + (1 - hardness) u / mean |u|` of codeword c and latents u.
  torch::Tensor weight();
  /// Stored bits of every slice of every plane, as the engine will load them.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> stored();
  /// Begins where a layer of the same shape and of Method::Real or Method::Nearest ended: batch norm, shortcut scale and digits as they are
  /// there, latents those weights or latents times one factor, so that their root mean square is Hyper::start_size.
  void begin_from(const EncryptedLayerImpl& other);
  /// Begins as a layer of a model file, `layer` with weights `weight` (weight_tensor()): the same weights, latents of +-Hyper::start_size
  /// (0 where a bit is dropped), and batch norm and statistics such that evaluation gives what the file says, with the statistics of the
  /// accumulators of `input`, NCHW activations of training images.
  void begin_from(const Layer& layer, const torch::Tensor& weight, const torch::Tensor& input);
  /// Evaluation from here on uses statistics gathered since; see recalibrate().
  void reset_statistics();
  /// Hands the parameters to the optimiser, each with its box: latents within latent_box (nearest codeword), batch-norm gain positive
  /// and not tiny, so that an integer bias exists and pooling may stand before or after requantisation.
  void enrol(Optimiser& optimiser);
  [[nodiscard]] FoldedNorm fold() const;
  /// Share of the codeword in the weights of training steps from here on, 0..1 (nearest codeword).
  void set_hardness(double hardness) { hardness_ = hardness; }
  /// Training steps from here on take the statistics of the minibatch of all processes; null: of this one.
  void set_team(const std::shared_ptr<Team>& team) { team_ = team; }

  [[nodiscard]] const Layer& shape() const { return shape_; }
  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  [[nodiscard]] const Code& code() const { return code_; }
  /// The code of every plane: the layer's own, or the identity code for digits.
  [[nodiscard]] Code plane_code() const { return spec_.digits > 0 ? identity_code(code_.n_out) : code_; }
  /// Output LSBs per source LSB of the shortcut, rounded to 1/256.
  [[nodiscard]] int shortcut_multiplier() const;
  /// Real value of one output LSB in batch-norm units (1 for logits).
  [[nodiscard]] double step() const { return spec_.logits ? 1.0 : spec_.clip / (largest() - lowest()); }
  /// Range of the output.
  [[nodiscard]] int lowest() const { return shape_.projection ? -shape_.activation_max - 1 : 0; }
  [[nodiscard]] int largest() const { return shape_.activation_max; }

 private:
  LayerSpec spec_;
  Layer shape_;
  Code code_;
  Hyper hyper_;
  std::optional<NearestCodeword> nearest_;
  double hardness_ = 1;
  std::shared_ptr<const SliceMap> map_;
  [[nodiscard]] Estimator estimator() const;
  torch::Tensor slices();
  torch::Tensor accumulators(const torch::Tensor& input, bool bfloat16);
  torch::Tensor shaped_shortcut(const torch::Tensor& shortcut, std::int64_t channels) const;
  torch::Tensor add_shortcut(const torch::Tensor& x, const torch::Tensor& shortcut) const;
  [[nodiscard]] bool fits_fused(const torch::Tensor& input, bool bfloat16) const;
  [[nodiscard]] ConvolutionShape convolution_shape(const torch::Tensor& input, bool bfloat16) const;
  std::shared_ptr<Convolution> convolution(const torch::Tensor& input, bool bfloat16);
  torch::Tensor forward_fused(const torch::Tensor& input, const torch::Tensor& shortcut, bool bfloat16, Copies& copies);
  [[nodiscard]] bool has_signs() const;
  [[nodiscard]] double box() const;
  double count_batch();
  [[nodiscard]] Team* step_team() const;
  void gather(const BatchStatistics& batch);

  torch::Tensor latent_, gain_, offset_, mean_, variance_, shortcut_scale_;
  std::int64_t gathered_ = 0;
  std::shared_ptr<Team> team_;
  std::vector<std::shared_ptr<Convolution>> convolutions_;  // one for each size of minibatch and type
};
TORCH_MODULE(EncryptedLayer);

}  // namespace flexor
