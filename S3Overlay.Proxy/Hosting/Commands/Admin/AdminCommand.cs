using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>
/// The <c>admin</c> commands. They sign administration calls with a key of the settings, and print the result and what to do next.
/// </summary>
/// <param name="settings">Settings from the command line.</param>
/// <param name="output">For results.</param>
/// <param name="errors">For problems and progress.</param>
internal sealed class AdminCommand(string[] settings, TextWriter output, TextWriter errors)
{
    /// <summary>Rows per request of a list.</summary>
    private const int PageSize = 1000;

    private readonly Option<Uri?> _endpoint = new("--endpoint")
    {
        Description = "The proxy's URL. Default: where these settings make it listen.",
        HelpName = "URL",
        Recursive = true,
        CustomParser = ReadEndpoint,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the response as it is.", Recursive = true };
    private readonly Option<bool> _noRemote = new("--no-remote") { Description = "Do not ask the remote." };
    private readonly Option<bool> _all = new("--all") { Description = "Every bucket." };
    private readonly Option<string?> _prefix = new("--prefix") { Description = "Only keys with this prefix.", HelpName = "PREFIX" };
    private readonly Option<int?> _limit =
        new("--limit") { Description = "List at most N rows.", HelpName = "N", CustomParser = ReadLimit };

    private readonly Argument<string?> _target = new("BUCKET[/KEY]") { Description = "A bucket, or one key in it." };
    private readonly Argument<string?> _optionalTarget =
        new("BUCKET[/KEY]") { Description = "A bucket, or one key in it.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Argument<string?> _optionalBucket =
        new("BUCKET") { Description = "A bucket. Without one, the buckets that have deletes are listed.", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>The command and its calls.</summary>
    public Command Build()
    {
        var admin = new CommandWithExamples(
            "admin",
            "Ask a running proxy what it caches and hides; evict cache entries; undo deletes.",
            "s3overlay admin explain photos/2024/a.jpg",
            "s3overlay admin evict photos --prefix 2024/",
            "s3overlay admin undelete photos/2024/a.jpg --endpoint http://127.0.0.1:9000")
        {
            Details = """
            Calls are signed with the first key in the settings that may administer: S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY,
            a key of S3_OVERLAY_KEYS_FILE with "admin": true, or the local layer's key.
            Exit codes: 0 done; 1 refused, not reachable, or nothing to undelete for the key; 2 the command line is wrong.
            """,
        };
        admin.Options.Add(_endpoint);
        admin.Options.Add(_json);
        Add("explain", "Show what clients see of a key or bucket, and why.", [_target], [_noRemote],
            "s3overlay admin explain photos/2024/a.jpg", "s3overlay admin explain photos --no-remote");
        var tombstones = Add("tombstones", "List what was deleted here.", [_optionalBucket], [_prefix, _limit],
            "s3overlay admin tombstones", "s3overlay admin tombstones photos --prefix 2024/ --limit 100");
        tombstones.Validators.Add(line =>
        {
            if (line.GetValue(_optionalBucket)?.Replace("s3://", "", StringComparison.OrdinalIgnoreCase).TrimEnd('/').Contains('/') == true)
            {
                line.AddError("tombstones takes a bucket. For one key, use: explain BUCKET/KEY");
            }
        });
        foreach (var name in (string[])["evict", "drop"])
        {
            Hide(name == "drop", Add(name, "Evict cache entries: the next read asks the remote. Your writes are not touched.",
                [_optionalTarget], [_prefix, _all],
                "s3overlay admin evict photos/2024/a.jpg", "s3overlay admin evict photos --prefix 2024/", "s3overlay admin evict --all"));
        }

        foreach (var name in (string[])["undelete", "discard"])
        {
            Hide(name == "discard", Add(name,
                "Undo deletes: the remote's objects show again. For a bucket, its own deletion is undone too.",
                [_optionalTarget], [_prefix, _all],
                "s3overlay admin undelete photos/2024/a.jpg", "s3overlay admin undelete photos", "s3overlay admin undelete --all"));
        }

        Add("compact", "Remove tombstones that hide nothing, because the remote no longer has the keys.", [_target], [_prefix],
            "s3overlay admin compact photos");
        admin.SetAction(line =>
        {
            line.RootCommandResult.Command.Parse(["admin", "--help"]).Invoke(new() { Output = output });
            return ExitCodes.BadConfiguration;
        });
        return admin;

        CommandWithExamples Add(string name, string description, Argument[] arguments, Option[] options, params string[] examples)
        {
            var command = new CommandWithExamples(name, description, examples);
            Array.ForEach(arguments, command.Arguments.Add);
            Array.ForEach(options, command.Options.Add);
            command.SetAction(RunAsync);
            if (options.Contains(_all))
            {
                command.Validators.Add(RequireTarget);
            }

            admin.Subcommands.Add(command);
            return command;
        }

        static void Hide(bool isOldName, Command command) => command.Hidden = isOldName;
    }

    private void RequireTarget(CommandResult line)
    {
        if (line.GetValue(_optionalTarget) is null && !line.GetValue(_all))
        {
            line.AddError($"Name a bucket: {line.Command.Name} BUCKET. For every bucket: {line.Command.Name} --all");
        }
    }

    private static Uri? ReadEndpoint(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https")
        {
            return endpoint;
        }

        argument.AddError("--endpoint needs a URL, such as http://127.0.0.1:8000.");
        return null;
    }

    private static int? ReadLimit(ArgumentResult argument)
    {
        if (int.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0)
        {
            return limit;
        }

        argument.AddError("--limit needs a number from 1.");
        return null;
    }

    private async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var command = line.CommandResult.Command;
        var arguments = new AdminArguments(command.Name switch { "drop" => "evict", "discard" => "undelete", var name => name })
        {
            Target = line.CommandResult.GetValue<string?>(command.Arguments[0].Name),
            Prefix = line.GetValue(_prefix),
            IsForAll = line.GetValue(_all),
            LeavesRemoteAlone = line.GetValue(_noRemote),
            Limit = line.GetValue(_limit),
            IsRaw = line.GetValue(_json),
        };
        if (ProxyBuilder.ReadOptions(ProxyBuilder.FromEnvironment(settings).Configuration, errors, out _) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        if (options.Clients.Keys.FirstOrDefault(key => key.IsAdministrator) is not { } key)
        {
            await errors.WriteLineAsync(
                "No key in the settings may administer. Set S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY, "
                + "or give a key of S3_OVERLAY_KEYS_FILE \"admin\": true.");
            return ExitCodes.BadConfiguration;
        }

        if ((line.GetValue(_endpoint) ?? options.Listen.Plain) is not { } endpoint)
        {
            await errors.WriteLineAsync("The proxy has no plain HTTP address. Name its URL: --endpoint https://s3.example.org");
            return ExitCodes.BadConfiguration;
        }

        return await CallAsync(arguments, endpoint, key, options.Clients.Region ?? AwsHosts.DefaultRegion, cancellationToken);
    }

    private async Task<int> CallAsync(
        AdminArguments arguments, Uri endpoint, ClientKey key, string region, CancellationToken cancellationToken)
    {
        using var client = new AdminClient(endpoint, new SigningCredentials(key.AccessKey, key.SecretKey), region);
        try
        {
            return arguments.Call == "tombstones"
                ? await ListAsync(client, arguments, cancellationToken)
                : await DoAsync(client, endpoint, arguments, cancellationToken);
        }
        catch (AdminRefusal refusal)
        {
            await errors.WriteLineAsync($"{endpoint.Authority} responded: {refusal.Message}");
            if (refusal.Status == 403)
            {
                await errors.WriteLineAsync(
                    $"Next: check that {key.AccessKey} is a key of that proxy with \"admin\": true, and its secret.");
            }

            return ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync(
                $"{endpoint.Authority} does not answer: {(failure is OperationCanceledException ? "timed out" : failure.Message)}");
            await errors.WriteLineAsync("Next: name the running proxy with --endpoint http://HOST:PORT");
            return ExitCodes.CannotRun;
        }
    }

    private async Task<int> DoAsync(AdminClient client, Uri endpoint, AdminArguments arguments, CancellationToken cancellationToken)
    {
        var isReading = arguments.Call == "explain";
        JsonElement? last = null;
        await foreach (var line in client.CallAsync(isReading ? "GET" : "POST", arguments.Call, arguments.Parameters(), cancellationToken))
        {
            last = AdminRefusal.Check(line);
            if (arguments.IsRaw)
            {
                await output.WriteLineAsync(line.Text);
            }
            else if (!isReading && !last.Value.Is("done"))
            {
                await errors.WriteLineAsync(ResultText.Progress(arguments.Call, last.Value));
            }
        }

        if (last is not { } result || (!isReading && !result.Is("done")))
        {
            throw new HttpRequestException("the response ended early");
        }

        var didNothing = arguments is { Call: "undelete", Key: not null } && result.Number("tombstones") + result.Number("kept") == 0;
        var lines = arguments.IsRaw ? []
            : isReading ? ExplanationText.Of(result)
            : didNothing ? ResultText.OfNothingUndeleted(await ExplainAsync(client, arguments, cancellationToken), endpoint)
            : ResultText.Of(arguments, result);
        foreach (var line in lines)
        {
            await output.WriteLineAsync(line);
        }

        return didNothing ? ExitCodes.CannotRun : ExitCodes.Ok;
    }

    private static async Task<JsonElement> ExplainAsync(AdminClient client, AdminArguments arguments, CancellationToken cancellationToken)
    {
        var parameters = (arguments with { LeavesRemoteAlone = true }).Parameters();
        await foreach (var line in client.CallAsync("GET", "explain", parameters, cancellationToken))
        {
            return AdminRefusal.Check(line);
        }

        throw new HttpRequestException("the response ended early");
    }

    private async Task<int> ListAsync(AdminClient client, AdminArguments arguments, CancellationToken cancellationToken)
    {
        var (count, token) = (0, "");
        do
        {
            var left = Math.Min(PageSize, (arguments.Limit ?? int.MaxValue) - count);
            var parameters = arguments.Parameters().Append(new("limit", left.ToString(CultureInfo.InvariantCulture)));
            parameters = token.Length == 0 ? parameters : parameters.Append(new("token", token));
            var lines = client.CallAsync("GET", arguments.Call, parameters, cancellationToken);
            token = "";
            await foreach (var line in lines)
            {
                var page = AdminRefusal.Check(line);
                token = page.Text("next");
                count += await WriteAsync(arguments, line, page);
            }
        }
        while (token.Length > 0 && count < (arguments.Limit ?? int.MaxValue));

        if (!arguments.IsRaw)
        {
            await errors.WriteLineAsync(arguments.Bucket is null
                ? $"{AdminText.Count(count, "bucket")} with deletes.{(count > 0 ? " Next: s3overlay admin tombstones BUCKET" : "")}"
                : $"{AdminText.Count(count, "deleted key")}{(token.Length > 0 ? ", and more" : "")}."
                    + (count == 0 ? ""
                        : $" Next: to undo one or all of them:  s3overlay admin undelete {AdminText.Argument(arguments.Bucket)}[/KEY]"));
        }

        return ExitCodes.Ok;
    }

    private async Task<int> WriteAsync(AdminArguments arguments, AdminLine line, JsonElement page)
    {
        if (arguments.IsRaw)
        {
            await output.WriteLineAsync(line.Text);
        }
        else if (page.Is("bucketDeleted"))
        {
            await output.WriteLineAsync(
                "The bucket itself was deleted here. That hides everything it has on the remote. "
                + $"Next: s3overlay admin undelete {AdminText.Argument(arguments.Bucket ?? "")}");
        }

        var rows = page.GetProperty(arguments.Bucket is null ? "buckets" : "tombstones");
        foreach (var row in arguments.IsRaw ? default : rows.EnumerateArray())
        {
            await output.WriteLineAsync(
                arguments.Bucket is null
                    ? row.Text("bucket") + (row.Is("bucketDeleted") ? "  (deleted as a whole)" : "")
                    : (row.Text("deleted") is { Length: > 0 } date ? date + "  " : "") + AdminText.Name(row.Text("key")));
        }

        return rows.GetArrayLength();
    }
}
