using Aspire.Hosting;

namespace S3Overlay.Hosting;

/// <summary>A call of the overlay's administration, as a command of its resource.</summary>
/// <param name="Name">The command's name.</param>
/// <param name="DisplayName">The command's name in the dashboard.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path of the call.</param>
/// <param name="IconName">The name of a Fluent UI icon.</param>
/// <param name="Description">One or two sentences for the dashboard.</param>
/// <param name="Inputs">What the dashboard asks for. Each that is filled in becomes the query parameter of its name.</param>
internal sealed record AdministrationCall(string Name, string DisplayName, HttpMethod Method, string Path, string IconName,
    string Description, params IReadOnlyList<InteractionInput> Inputs)
{
    /// <summary>The query of a call without inputs.</summary>
    public string FixedQuery { get; init; } = "";

    /// <summary>The question that comes first; null for none.</summary>
    public string? Confirmation { get; init; }

    /// <summary>The query for these inputs.</summary>
    public string Query(InteractionInputCollection given) => Inputs.Count == 0
        ? FixedQuery
        : string.Join('&', Inputs
            .Select(input => (input.Name, Value: given.GetString(input.Name)))
            .Where(input => !string.IsNullOrEmpty(input.Value))
            .Select(input => $"{input.Name}={Uri.EscapeDataString(input.Value!)}"));
}
