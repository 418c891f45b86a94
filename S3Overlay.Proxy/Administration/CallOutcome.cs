using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>What became of a call, for the log.</summary>
/// <param name="Result">What it did, or found.</param>
/// <param name="Failure">Why it ended early, where the answer had started and told so; null where it did not.</param>
internal readonly record struct CallOutcome(string Result, S3Exception? Failure = null);
