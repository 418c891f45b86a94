namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>A request as a real client sends it, to be damaged.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The target. <see cref="FuzzBucket.Fill"/> says which words are replaced.</param>
/// <param name="Body">The body, or null. The same words are replaced.</param>
/// <param name="Headers">Further headers.</param>
internal sealed record SeedRequest(string Method, string Target, string? Body, params (string Name, string Value)[] Headers);
