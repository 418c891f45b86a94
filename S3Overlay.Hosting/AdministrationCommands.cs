using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace S3Overlay.Hosting;

/// <summary>The commands of an overlay in the dashboard: calls of its administration, signed with its own key.</summary>
internal static class AdministrationCommands
{
    private static readonly InteractionInput Bucket = Text("bucket", "Bucket", "The name of a bucket.", isRequired: true);
    private static readonly InteractionInput Key = Text("key", "Key", "One key. Leave it empty for the prefix, or for all of the bucket.");
    private static readonly InteractionInput Prefix = Text("prefix", "Prefix",
        "All keys with this prefix. Leave it empty for the key, or for all of the bucket.");

    private static readonly AdministrationCall[] Calls =
    [
        new("explain", "Explain", HttpMethod.Get, "/-/v1/explain", "QuestionCircle", "Shows which layer a key is read from, and why.",
            Bucket, Text("key", "Key", "One key. Leave it empty to explain the bucket.")),
        new("evict", "Evict", HttpMethod.Post, "/-/v1/evict", "Broom",
            "Evicts cache entries of a bucket, a prefix or a key. Writes and deletes stay.", Bucket, Key, Prefix),
        new("undelete", "Undelete", HttpMethod.Post, "/-/v1/undelete", "ArrowUndo",
            "Undoes deletes of a bucket, a prefix or a key: the remote's objects show again. Writes stay.", Bucket, Key,
            Prefix),
        new("drop-cache", "Drop cache", HttpMethod.Post, "/-/v1/evict", "Delete", "Evicts all cache entries. Writes and deletes stay.")
            { FixedQuery = "all=true" },
        new("reset-overlay", "Reset overlay", HttpMethod.Post, "/-/v1/undelete", "ArrowReset",
            "Undoes all deletes: the remote's objects show again. Writes stay.")
        {
            FixedQuery = "all=true",
            Confirmation = "This undoes every delete of objects and buckets. Continue?",
        },
    ];

    /// <summary>Adds the commands. They show if the overlay has a remote, and are enabled while it runs.</summary>
    public static IResourceBuilder<S3OverlayResource> WithAdministration(this IResourceBuilder<S3OverlayResource> builder)
    {
        foreach (var call in Calls)
        {
            builder.WithHttpCommand(call.Path, call.DisplayName, S3OverlayResource.PrimaryEndpointName, call.Name,
                Options(builder.Resource, call));
        }

        return builder;
    }

    private static HttpCommandOptions Options(S3OverlayResource overlay, AdministrationCall call) => new()
    {
        Description = call.Description,
        ConfirmationMessage = call.Confirmation,
        IconName = call.IconName,
        Method = call.Method,
        Arguments = call.Inputs,
        UpdateState = context => !overlay.HasRemote ? ResourceCommandState.Hidden
            : context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled
            : ResourceCommandState.Disabled,
        PrepareRequest = context => SignAsync(context, overlay, call),
        GetCommandResult = async context =>
        {
            var answer = await AdministrationAnswer.ReadAsync(context.Response, context.CancellationToken);
            return answer switch
            {
                { IsDone: false } => CommandResults.Failure(answer.Message),
                { Document: { } document } =>
                    CommandResults.Success(answer.Message, document, CommandResultFormat.Json, displayImmediately: true),
                _ => CommandResults.Success(answer.Message),
            };
        },
    };

    private static async Task SignAsync(HttpCommandRequestContext context, S3OverlayResource overlay, AdministrationCall call)
    {
        var access = await overlay.AccessKey.GetValueAsync(context.CancellationToken);
        var secret = await overlay.SecretKey.GetValueAsync(context.CancellationToken);
        context.Request.RequestUri = new UriBuilder(context.Request.RequestUri!) { Query = call.Query(context.Arguments) }.Uri;
        RequestSigning.Sign(context.Request, access!, secret!, DateTimeOffset.UtcNow);
    }

    private static InteractionInput Text(string name, string label, string description, bool isRequired = false) =>
        new() { Name = name, Label = label, Description = description, InputType = InputType.Text, Required = isRequired };
}

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
