using System.CommandLine;

namespace S3Overlay.Proxy.Terminal;

/// <summary>A command whose help ends with details and examples.</summary>
internal class CommandWithExamples(string name, string description, params IReadOnlyList<string> examples)
    : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    public string? Details { get; init; }
}
