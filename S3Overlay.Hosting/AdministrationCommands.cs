using System.Text.Json;

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

using Microsoft.Extensions.DependencyInjection;

namespace S3Overlay.Hosting;

/// <summary>The commands of an overlay in the dashboard: calls of its administration, signed with its own key.</summary>
internal static class AdministrationCommands
{
    /// <summary>The client of the commands: warming takes as long as it takes.</summary>
    private const string Client = "s3overlay-administration";

    private static readonly InteractionInput Bucket = Text("bucket", "Bucket", "The name of a bucket.", isRequired: true);
    private static readonly InteractionInput Key = Text("key", "Key", "One key. Leave it empty for the prefix, or for all of the bucket.");
    private static readonly InteractionInput Prefix = Text("prefix", "Prefix",
        "All keys with this prefix. Leave it empty for the key, or for all of the bucket.");

    private static readonly InteractionInput AnyBucket = Text("bucket", "Bucket", "The name of a bucket. Leave it empty for all buckets.");

    private static readonly AdministrationCall[] Calls =
    [
        new("console", "Sign in to the console", HttpMethod.Post, "/-/v1/console", "Key",
            "Makes a link that signs you in to the web console, once, within ten minutes.")
        {
            Needs = static overlay => overlay.Console is not null,
            Describe = static link => $"Open {link.GetProperty("url").GetString()}",
        },
        new("changes", "Changes", HttpMethod.Get, "/-/v1/changes", "Branch", "Shows what was written and deleted here.", AnyBucket,
            Text("prefix", "Prefix", "All keys with this prefix. Leave it empty for all of the bucket."))
        {
            Describe = static change => $"{change.GetProperty("kind").GetString(),-11} {change.GetProperty("bucket").GetString()}"
                + (change.GetProperty("key").GetString() is { } key ? $"/{key}" : ""),
        },
        new("explain", "Explain", HttpMethod.Get, "/-/v1/explain", "QuestionCircle", "Shows which layer a key is read from, and why.",
            Bucket, Text("key", "Key", "One key. Leave it empty to explain the bucket."))
        {
            Describe = static explanation => explanation.GetProperty("why").GetString()!,
        },
        new("warm", "Warm", HttpMethod.Post, "/-/v1/warm", "ArrowDownload",
            "Brings a bucket, a prefix or a key into the cache.", Bucket, Key, Prefix)
        {
            Confirmation = "This downloads from the remote. Continue?",
        },
        new("evict", "Evict", HttpMethod.Post, "/-/v1/evict", "Broom",
            "Evicts cache entries of a bucket, a prefix or a key. Writes and deletes stay.", Bucket, Key, Prefix)
        {
            Confirmation = "The next reads of these keys ask the remote again. Continue?",
        },
        new("drop-cache", "Drop cache", HttpMethod.Post, "/-/v1/evict", "Delete", "Evicts all cache entries. Writes and deletes stay.")
        {
            FixedQuery = "all=true",
            Confirmation = "The next reads ask the remote again. Continue?",
        },
        new("undelete", "Undelete", HttpMethod.Post, "/-/v1/undelete", "ArrowUndo",
            "Undoes deletes of a bucket, a prefix or a key: the remote's objects show again. Writes stay.", Bucket, Key,
            Prefix),
        new("reset-overlay", "Undelete all", HttpMethod.Post, "/-/v1/undelete", "ArrowReset",
            "Undoes all deletes: the remote's objects show again. Writes stay.")
        {
            FixedQuery = "all=true",
            Confirmation = "This undoes every delete of objects and buckets. Continue?",
        },
        new("revert-all", "Revert all", HttpMethod.Post, "/-/v1/revert", "ArrowCounterclockwise",
            "Undoes all writes and deletes: the remote shows again. Keys that only exist here stay.")
        {
            FixedQuery = "all=true&deleted-buckets=true",
            Confirmation = "This undoes every write and delete of the remote's objects. What you wrote over them is lost. Continue?",
        },
    ];

    /// <summary>Adds the commands. They show if the overlay has what they need, mostly a remote, and are enabled while it runs.</summary>
    public static IResourceBuilder<S3OverlayResource> WithAdministration(this IResourceBuilder<S3OverlayResource> builder)
    {
        builder.ApplicationBuilder.Services.AddHttpClient(Client, static client => client.Timeout = Timeout.InfiniteTimeSpan);
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
        HttpClientName = Client,
        Arguments = call.Inputs,
        UpdateState = context => !call.Needs(overlay) ? ResourceCommandState.Hidden
            : context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled
            : ResourceCommandState.Disabled,
        PrepareRequest = context => SignAsync(context, overlay, call),
        GetCommandResult = async context =>
        {
            var answer = await AdministrationAnswer.ReadAsync(context.Response, call.Describe, context.CancellationToken);
            var format = answer.Data is ['{', ..] ? CommandResultFormat.Json : CommandResultFormat.Text;
            return (answer.IsDone, answer.Data) switch
            {
                (true, null) => CommandResults.Success(answer.Message),
                (true, { } data) => CommandResults.Success(answer.Message, data, format, displayImmediately: call.Describe is not null),
                (false, null) => CommandResults.Failure(answer.Message),
                (false, { } data) => CommandResults.Failure(answer.Message, data, format),
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

    /// <summary>Whether the command makes sense for an overlay.</summary>
    public Func<S3OverlayResource, bool> Needs { get; init; } = static overlay => overlay.HasRemote;

    /// <summary>Makes the line for an item of a list, or the message for a document; null for a call that works.</summary>
    public Func<JsonElement, string>? Describe { get; init; }

    /// <summary>The query for these inputs.</summary>
    public string Query(InteractionInputCollection given) => Inputs.Count == 0
        ? FixedQuery
        : string.Join('&', Inputs
            .Select(input => (input.Name, Value: given.GetString(input.Name)))
            .Where(input => !string.IsNullOrEmpty(input.Value))
            .Select(input => $"{input.Name}={Uri.EscapeDataString(input.Value!)}"));
}
