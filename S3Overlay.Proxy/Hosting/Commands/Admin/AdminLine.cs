using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>One line of an answer.</summary>
/// <param name="Status">The answer's status.</param>
/// <param name="Text">The line as it came.</param>
/// <param name="Content">What it says; null where it is no JSON object, so that whoever answered is no S3Overlay.</param>
internal readonly record struct AdminLine(int Status, string Text, JsonElement? Content);
