// SPDX-License-Identifier: Apache-2.0

/// One entry of a transfer list: eight little-endian words of 32 bits (docs/architecture.md, "Transfer list").
package transfer_pkg;

  /// Bytes of an entry.
  localparam int unsigned EntryBytes = 32;

  /// See entry_t.fold.
  localparam logic [15:0] EntryCheck = 16'hA5C3;

  /// Where a transfer goes, or comes from.
  typedef enum logic [2:0] {
    TransferControl    = 3'd1,
    TransferCode       = 3'd2,
    TransferWeight     = 3'd3,
    TransferActivation = 3'd4,
    TransferStore      = 3'd5
  } kind_e;

  /// An entry as it stands in memory; the first field is the highest word.
  typedef struct packed {
    /// Makes the exclusive or of the entry's sixteen 16-bit halves EntryCheck.
    logic [15:0] fold;
    /// What the job's progress is when this transfer has ended.
    logic [15:0] progress;
    /// [23:0] beats of external memory.
    logic [31:0] beats;
    /// Sum of running sums.
    logic [31:0] sum2;
    /// Sum of the 32-bit words of all beats, modulo 2^32.
    logic [31:0] sum1;
    /// Words; bytes of activation memory.
    logic [31:0] count;
    /// Word number, or pair.
    logic [31:0] chip_address;
    /// Byte address of the first beat.
    logic [31:0] address;
    /// Layers of the job that must have ended before.
    logic [15:0] after;
    logic [8:0]  unused;
    /// What the transfer sets off, the start of the layers and its progress, does not wait for its end.
    logic        at_once;
    /// Last of the list.
    logic        last;
    /// Compare the sums.
    logic        check;
    /// The layers of the job begin when this transfer has ended, or at once.
    logic        starts;
    /// kind_e.
    logic [2:0]  kind;
  } entry_t;

  /// Exclusive or of an entry's 16-bit halves.
  function automatic logic [15:0] entry_fold(entry_t entry);
    logic [8*EntryBytes-1:0] bits;
    logic [15:0] fold;
    bits = entry;
    fold = '0;
    for (int unsigned i = 0; i < EntryBytes / 2; i++) fold ^= bits[16*i+:16];
    return fold;
  endfunction

  /// Weights of D bits stand one behind the other in external memory, so each begins at a multiple of so many bits: gcd(D, 8).
  function automatic int unsigned weight_grain(int unsigned d);
    return d % 8 == 0 ? 8 : d % 4 == 0 ? 4 : d % 2 == 0 ? 2 : 1;
  endfunction

  /// Bytes of the widest word that dma_engine takes out of beats of `beat` bytes: D-bit weights, 32-bit words, up to w bytes of activations.
  function automatic int unsigned transfer_word(int unsigned d, int unsigned w, int unsigned beat);
    int unsigned activation, weight;
    activation = w < beat ? w : beat;
    weight = (d + 7) / 8;
    if (weight < 4) weight = 4;
    return weight > activation ? weight : activation;
  endfunction

endpackage
