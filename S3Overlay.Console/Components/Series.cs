namespace S3Overlay.WebConsole.Components;

/// <summary>A line of a graph.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">The end of its class in <c>console.css</c>: <c>local</c>, <c>cache</c>, <c>remote</c>, <c>other</c>.</param>
/// <param name="Values">Its values, the newest last; null where there was nothing.</param>
public sealed record Series(string Name, string Color, IReadOnlyList<double?> Values);
