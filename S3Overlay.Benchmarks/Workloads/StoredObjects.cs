using System.Globalization;

namespace S3Overlay.Benchmarks.Workloads;

/// <summary>Objects stored before the measurement.</summary>
/// <param name="Prefix">The prefix of their keys.</param>
/// <param name="Size">The size of each in bytes.</param>
/// <param name="Count">How many.</param>
public sealed record StoredObjects(string Prefix, int Size, int Count = 1)
{
    /// <summary>The key of one of them. Keys sort in the order of their numbers.</summary>
    public string Key(long number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}/{number:D6}");
}
