// SPDX-License-Identifier: Apache-2.0

/// Widths of the walk over tiles; what pixel_walker is told, and which step leads to the next pixel.
package walk_pkg;

  /// Bits of a number of m-tiles: at most 4,095, and fewer than `control_words`.
  function automatic int unsigned tile_width(int unsigned control_words);
    return $clog2(control_words) < 12 ? $clog2(control_words) : 12;
  endfunction

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
