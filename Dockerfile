# One image for every part; docker-compose.yml says which part a container runs.
FROM node:24-slim
WORKDIR /crosswalk
ENV NODE_ENV=production CROSSWALK_ENV=production APOLLO_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY schema schema
COPY mocks mocks
COPY subgraphs subgraphs
COPY gateway gateway
# Where the development issuer keeps its key; production parts write nothing.
RUN mkdir .crosswalk && chown node .crosswalk
USER node
CMD ["node", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "gateway/main.ts"]
