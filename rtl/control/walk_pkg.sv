// SPDX-License-Identifier: Apache-2.0

/// What pixel_walker is told, and which step leads to the next pixel.
package walk_pkg;

  /// The walker has a place and a mark: the first pixel of the block.
  typedef struct packed {
    /// Go to the mark (`back`) or to the next pixel.
    logic move;
    logic back;
    /// Set the mark to the layer's first pixel (`first`) or to the next pixel.
    logic mark;
    logic first;
  } walk_t;

  /// From a pixel to the next (docs/blocks/pixel_walker.md): the descriptor word of its pair, modulo 8.
  typedef enum logic [2:0] {
    StepWindowX = 3'(flexor_pkg::WordStepWindowX),
    StepWindowY = 3'(flexor_pkg::WordStepWindowY),
    StepX       = 3'(flexor_pkg::WordStepX),
    StepY       = 3'(flexor_pkg::WordStepY),
    StepImage   = 3'(flexor_pkg::WordStepImage)
  } step_e;

endpackage
